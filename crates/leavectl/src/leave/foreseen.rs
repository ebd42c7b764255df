//! What a dry run foresees, for people.

use std::fmt::Write;

use operator::rehearsal::Foreseen;

use crate::{group, output};

/// In one line, and one for each group that goes along.
pub(super) fn line(identifier: &str, foreseen: &Foreseen) -> String {
    let identifier = output::printable(identifier);
    match foreseen {
        Foreseen::Leaves { listed, along } => {
            let mut text = format!("{identifier}: would leave {}", group::told(listed));
            for other in along {
                let _ = write!(text, "\n  with {}", group::told(other));
            }
            text
        }
        Foreseen::Refused { problem, listed } => {
            let answered = problem.answered();
            let mut text = format!(
                "{identifier}: would be refused with {} {}",
                answered.status, answered.message
            );
            if let Some(listed) = listed {
                let _ = write!(text, ": {}", group::told(listed));
            }
            text
        }
        Foreseen::Recovered(jid) => format!(
            "{identifier}: {jid} is left already; an earlier leave lost its outcome, and this one would learn it"
        ),
    }
}
