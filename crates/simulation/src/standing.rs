//! Evidence that nobody may take away: an open leave together with a roster row is what tells
//! a lost outcome. Between two looks it may only go with a run of that very group that told
//! its outcome, or of which nobody knows how far it came.

use std::collections::BTreeMap;

use crate::oracle::{Answer, Oracle, Run, Wrong};
use crate::tame;
use crate::world::{INSTANCES, World, is_young};

/// What stood at the last look.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// By when the leave was, on the world's clock.
    evidence: BTreeMap<(usize, String), u64>,
    /// Runs that had begun by then.
    runs: usize,
    /// Of time that no clock's move changes, in milliseconds.
    at: u64,
}

impl Oracle {
    /// Looks again, with all at rest.
    pub(crate) fn look(&self, world: &World) {
        let now: BTreeMap<(usize, String), u64> = (0..INSTANCES.len())
            .flat_map(|instance| {
                let open = world.open_evidence(instance).into_iter();
                open.map(move |(group, at)| ((instance, group), at))
            })
            .collect();
        let mut state = self.state();
        let before = std::mem::take(&mut state.standing);
        let gone = before.evidence.iter().filter(|(stood, _)| !now.contains_key(stood));
        let lost = gone.map(|((instance, group), at)| (instance, group, at));
        let lost = lost.into_iter().find(|(instance, group, at)| {
            let (.., phone) = INSTANCES[**instance];
            let is_forgotten = state.forgotten.get(phone).is_some_and(|at| *at >= before.at);
            // It may have grown old.
            let is_old = !is_young(**at);
            let ended =
                state.runs.iter().skip(before.runs.saturating_sub(1)).any(|run| {
                    run.instance == **instance && run.names(group) && run.may_end(group)
                });
            !is_forgotten && !is_old && !ended
        });
        if let Some((instance, group, _)) = lost {
            let (account, name, _) = INSTANCES[*instance];
            let row = if world.has_row(*instance, group) { "the open leave" } else { "the row" };
            let what =
                format!("{account}/{name} {group}: {row} is gone, after {} runs", before.runs);
            state.wrong.get_or_insert(Wrong { label: "evidence-lost", what });
        }
        state.standing = Standing { evidence: now, runs: state.runs.len(), at: tame::elapsed() };
    }
}

impl Run {
    /// Whether evidence may be gone after it.
    fn may_end(&self, group: &str) -> bool {
        let is_plain = matches!(self.answer, Some(Answer::Told { .. }))
            && !self.has_trouble
            && !self.seen.is_disturbed;
        !is_plain || self.told(group) || self.groups.iter().all(|asked| asked != group)
    }
}
