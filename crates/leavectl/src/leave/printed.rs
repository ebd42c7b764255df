//! What `leavectl leave --json` prints: results as the function's own answer to a command
//! has them, of a dry run too.

use std::fmt::Write;

use domain::problem::{LEFT, Problem};
use operation::leave::Left;
use operator::rehearsal::Foreseen;
use serde::Serialize;

use crate::exit::Exit;
use crate::json::Group;
use crate::output::{Colour, coloured, printable};

/// What a dry run says in place of success: nothing was left.
const WOULD_LEAVE: &str = "Would leave the group";
const WOULD_LEARN: &str = "Left already, and would learn it";

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// Whether nothing was left, and this is what would happen.
    pub(super) dry_run: bool,
    /// One result for each identifier, in order.
    pub(super) results: Vec<Told>,
}

/// What became of one identifier, or would.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    /// As it was given.
    identifier: String,
    /// The status that the API answers.
    status: u16,
    /// The message that it answers; of a dry run, what would happen.
    message: &'static str,
    /// The group that was left, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_jid: Option<String>,
    /// How long to wait before the next try, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// In a dry run, the group that the identifier leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Group>,
    /// In a dry run, the groups of a community that go with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    along: Option<Vec<Group>>,
    /// In a dry run, whether it is left already by an earlier leave that lost its outcome,
    /// which this one would learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<bool>,
    #[serde(skip)]
    problem: Option<Problem>,
}

impl Told {
    /// What became of it.
    pub(super) fn of(identifier: &str, result: &Result<Left, Problem>) -> Self {
        match result {
            Ok(left) => {
                let group_jid = Some(left.group().to_string());
                Self { group_jid, ..Self::new(identifier, None) }
            }
            Err(problem) => Self::new(identifier, Some(*problem)),
        }
    }

    /// What would become of it.
    pub(super) fn foreseen(identifier: &str, foreseen: &Foreseen) -> Self {
        match foreseen {
            Foreseen::Leaves { listed, along } => Self {
                group_jid: Some(listed.group.jid.to_string()),
                group: Some(Group::from(listed)),
                along: Some(along.iter().map(Group::from).collect()),
                message: WOULD_LEAVE,
                ..Self::new(identifier, None)
            },
            Foreseen::Refused { problem, listed } => Self {
                group: listed.as_ref().map(Group::from),
                ..Self::new(identifier, Some(*problem))
            },
            Foreseen::Recovered(jid) => Self {
                group_jid: Some(jid.to_string()),
                recovered: Some(true),
                message: WOULD_LEARN,
                ..Self::new(identifier, None)
            },
        }
    }

    fn new(identifier: &str, problem: Option<Problem>) -> Self {
        let (status, message) = match problem {
            None => (200, LEFT),
            Some(problem) => (problem.answered().status, problem.answered().message),
        };
        Self {
            identifier: identifier.to_owned(),
            status,
            message,
            group_jid: None,
            retry_after: problem.and_then(Problem::retry_after_seconds),
            group: None,
            along: None,
            recovered: None,
            problem,
        }
    }

    /// Why it is no leave.
    pub(super) fn problem(&self) -> Option<Problem> {
        self.problem
    }

    /// The exit code of this one alone.
    pub(super) fn exit(&self, missing_ok: bool) -> Exit {
        match self.problem {
            None => Exit::Done,
            Some(Problem::NotMember) if missing_ok => Exit::Done,
            Some(Problem::NotMember) => Exit::NotAMember,
            Some(problem) if problem.is_retryable() => Exit::TryAgain,
            Some(_) => Exit::Failed,
        }
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        let colour = if self.problem.is_none() { Colour::Good } else { Colour::Bad };
        let mut line = format!(
            "{}  {}  {}",
            coloured(&self.status.to_string(), colour),
            printable(&self.identifier),
            self.message
        );
        if let Some(seconds) = self.retry_after {
            let _ = write!(line, " (after {seconds} s)");
        }
        line
    }
}
