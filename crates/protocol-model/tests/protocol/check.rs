//! What a test asks of a model.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model};

const THREADS: usize = 2;

/// Visits every state; at least `floor` of them, so that a model in which hardly
/// anything can happen does not pass.
pub(crate) fn holds<M>(model: M, floor: usize)
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static>,
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
{
    let checker = model.checker().threads(THREADS).spawn_bfs().join();
    checker.assert_properties();
    let visited = checker.unique_state_count();
    assert!(visited >= floor, "only {visited} states");
}

/// Some way of breaking `promise` is found.
pub(crate) fn falls<M>(model: M, promise: &'static str)
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static>,
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
{
    falls_by(model, promise, |_| true);
}

/// Some way of breaking `promise` is found, and the step that the fault is about
/// is one of its steps.
pub(crate) fn falls_by<M>(model: M, promise: &'static str, is_its_step: impl Fn(&M::Action) -> bool)
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static>,
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
{
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([promise]));
    let checker = model.checker().threads(THREADS).finish_when(wanted).spawn_bfs().join();
    let visited = checker.unique_state_count();
    let found = checker.discovery(promise);
    let Some(path) = found else {
        panic!("{visited} states, and the promise stands: {promise}");
    };
    let kind = checker.discovery_classification(promise);
    assert!(matches!(kind, DiscoveryClassification::Counterexample), "{promise}: {kind}");
    let actions = path.into_actions();
    assert!(actions.iter().any(is_its_step), "{promise} falls by another fault: {actions:?}");
}

/// `promise` stands in every state, whatever becomes of the others.
pub(crate) fn stands<M>(model: M, promise: &'static str)
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static>,
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
{
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([promise]));
    let checker = model.checker().threads(THREADS).finish_when(wanted).spawn_bfs().join();
    checker.assert_no_discovery(promise);
}
