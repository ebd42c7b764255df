//! The states of instances, to choose by and to sum up.

use clap::{Args, ValueEnum};
use operator::instances::{InstanceSummary, State};

use crate::count::count;

/// Which instances are meant.
#[derive(Args, Debug, Clone)]
pub(super) struct Chosen {
    /// Only those in this state; given more than once, in any of them
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<Named>,
}

/// A state, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Named {
    Linked,
    LoggedOut,
    NeverLinked,
    Deleting,
}

const ALL: [(Named, State); 4] = [
    (Named::Linked, State::Linked),
    (Named::LoggedOut, State::LoggedOut),
    (Named::NeverLinked, State::NeverLinked),
    (Named::Deleting, State::Deleting),
];

impl Chosen {
    /// Leaves out every other one.
    pub(super) fn keep(&self, instances: &mut Vec<InstanceSummary>) {
        if !self.states.is_empty() {
            let states: Vec<State> =
                ALL.iter().filter(|it| self.states.contains(&it.0)).map(|it| it.1).collect();
            instances.retain(|found| states.contains(&found.state));
        }
    }
}

/// `12 instances: 9 linked, 3 never linked`.
pub(super) fn summary(instances: &[InstanceSummary]) -> String {
    let states = ALL.iter().filter_map(|(_, state)| {
        let number = instances.iter().filter(|found| found.state == *state).count();
        (number > 0).then(|| format!("{number} {}", state.name().replace('_', " ")))
    });
    let states: Vec<_> = states.collect();
    let all = count(instances.len(), "instance");
    if states.is_empty() { all } else { format!("{all}: {}", states.join(", ")) }
}
