//! Evidence that nobody may take away: an open leave together with a roster row is what tells
//! a lost outcome. Between two looks it may only go with a run of that very group that told
//! its outcome, or of which nobody knows how far it came.

use std::collections::{BTreeMap, BTreeSet};

use super::run::{ONE_PORTION, Run};
use super::{Answer, Oracle, State, Wrong};
use crate::stand::{Stand, is_young};
use crate::tame;
use crate::world::{ANNOUNCEMENT, COMMUNITY, INSTANCES, SUBGROUPS, World};

/// What stood at the last look.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// By when the leave was, on the world's clock.
    evidence: BTreeMap<(usize, String), u64>,
    /// Instances that somebody had the lease of.
    leased: BTreeSet<usize>,
    /// Runs that had begun by then.
    runs: usize,
    /// Of time that no clock's move changes, in milliseconds.
    at: u64,
}

impl Oracle {
    /// Looks again, with all at rest.
    pub(crate) fn look(&self, world: &World) {
        let stands = (0..INSTANCES.len()).map(|instance| (instance, self.stand(world, instance)));
        let stands: Vec<(usize, Stand)> = stands.collect();
        let now: BTreeMap<(usize, String), u64> = stands
            .iter()
            .flat_map(|(instance, stand)| {
                stand.evidence().map(move |(group, at)| ((*instance, group), at))
            })
            .collect();
        for (instance, stand) in &stands {
            self.look_at_session(world, *instance, stand);
        }
        let mut state = self.state();
        let before = std::mem::take(&mut state.standing);
        let gone = before.evidence.iter().filter(|(stood, _)| !now.contains_key(stood));
        let lost = gone.map(|((instance, group), at)| (instance, group, at));
        let lost = lost.into_iter().find(|(instance, group, at)| {
            let (.., phone) = INSTANCES[**instance];
            let is_forgotten = state.forgotten_maybe.get(phone).is_some_and(|at| *at >= before.at);
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
            let has_row =
                stands.iter().any(|(it, stand)| it == instance && stand.rows.contains(group));
            let row = if has_row { "the open leave" } else { "the row of an open leave" };
            let what =
                format!("{account}/{name} {group}: {row} is gone, after {} runs", before.runs);
            state.wrong.get_or_insert(Wrong { label: "evidence-lost", what });
        }
        let wrong = stands.iter().find_map(|(instance, stand)| {
            Self::judged_index(*instance, stand)
                .or_else(|| state.judged_stand(*instance, stand, &before))
        });
        if let Some(wrong) = wrong {
            state.wrong.get_or_insert(wrong);
        }
        let leased = stands.iter().filter(|(_, stand)| stand.has_lease());
        let leased = leased.map(|(instance, _)| *instance).collect();
        state.standing =
            Standing { evidence: now, leased, runs: state.runs.len(), at: tame::elapsed() };
    }
}

impl Oracle {
    /// How an instance stands; with its roster where that says something.
    fn stand(&self, world: &World, instance: usize) -> Stand {
        let state = self.state();
        let mut since = state.runs.iter().skip(state.standing.runs);
        let is_left = since
            .any(|run| run.instance == instance && run.groups.iter().any(|it| it == COMMUNITY));
        drop(state);
        if is_left { Stand::of(world, instance) } else { Stand::of_open(world, instance) }
    }

    /// Whether a session is in the index of those that are to be checked exactly while it is
    /// linked.
    fn judged_index(instance: usize, stand: &Stand) -> Option<Wrong> {
        if stand.is_known() && stand.is_due() == stand.linked().is_some() {
            return None;
        }
        let (account, name, _) = INSTANCES[instance];
        let is_due = stand.is_due();
        stand.is_known().then(|| Wrong {
            label: "due",
            what: format!("{account}/{name}: in the index {is_due}, linked {:?}", stand.linked()),
        })
    }
}

impl State {
    /// Whether the runs since the last look left what they should not: a lease that nobody has,
    /// or the leave that they said was learned.
    fn judged_stand(&self, instance: usize, stand: &Stand, before: &Standing) -> Option<Wrong> {
        let since: Vec<&Run> =
            self.runs.iter().skip(before.runs).filter(|run| run.instance == instance).collect();
        let visited =
            self.visits.iter().any(|visit| visit.instance == instance && visit.ended >= before.at);
        if visited || since.is_empty() {
            return None;
        }
        let (account, name, _) = INSTANCES[instance];
        if stand.has_lease()
            && !before.leased.contains(&instance)
            && since.iter().all(|run| run.is_plain())
        {
            let what = format!("{account}/{name}: a lease is left by runs that nothing befell");
            return Some(Wrong { label: "lease-left", what });
        }
        let [run] = since.as_slice() else { return None };
        let open = |at: usize| run.groups.get(at).filter(|group| stand.is_open(group));
        let unsettled = (0..run.groups.len()).find_map(|at| {
            let label = match run.name(at) {
                "recovered" => "200-unsettled",
                "not_member" => "404-unsettled",
                _ => return None,
            };
            Some((label, open(at)?))
        });
        // Each portion of a long order has a lease of its own: a call that comes after two of
        // them may leave what it wrote.
        let is_long = run.groups.len() > ONE_PORTION && run.seen.is_disturbed;
        if let Some((label, group)) = unsettled.filter(|_| !is_long) {
            let what = format!("{account}/{name} {group}: told, and not settled; {run:?}");
            return Some(Wrong { label, what });
        }
        let took_all = run.groups.iter().position(|group| group == COMMUNITY);
        if took_all.is_some_and(|at| run.is_plain() && run.name(at) == "left") {
            let along = SUBGROUPS.into_iter().chain([ANNOUNCEMENT]);
            let mut left = along.filter(|it| stand.rows.contains(*it) && !stand.is_open(it));
            if let Some(group) = left.next() {
                let what = format!("{account}/{name} {group}: left with its community; {run:?}");
                return Some(Wrong { label: "row-along", what });
            }
        }
        let mut left = run.leases.iter().flat_map(|lease| stand.open_by(&lease.owner));
        let left = left.find(|group| run.is_plain() && !run.lost(group))?;
        let what = format!("{account}/{name} {left}: told, and open still; {run:?}");
        Some(Wrong { label: "intent-left", what })
    }
}

impl Run {
    /// Whether evidence may be gone after it.
    fn may_end(&self, group: &str) -> bool {
        let is_plain = matches!(self.answer, Some(Answer::Told(_)))
            && !self.has_trouble
            && !self.seen.is_disturbed;
        !is_plain || self.told(group)
    }
}
