//! From a stanza to the verdicts that its reply makes.

use super::state::{GROUPS, Owed, Run, Slot, Stage, State, Verdict};
use super::{Batches, Rule};
use crate::group::{Membership, Told};
use crate::lease::RunId;

impl Batches {
    /// The next stanza: all groups share one, a community has its own.
    pub(super) fn send(&self, next: &mut State, id: RunId) {
        let is_ready = |community: bool| {
            move |model: &Self, run: &Run| {
                let mut groups = [false; GROUPS];
                for (target, slot) in run.each() {
                    groups[target.group] |=
                        slot == Slot::Ready && model.is_community(target.group) == community;
                }
                groups
            }
        };
        let run = next.runs[id];
        let groups = [is_ready(false)(self, &run), is_ready(true)(self, &run)];
        let Some(groups) = groups.into_iter().find(|groups| groups.contains(&true)) else {
            next.runs[id].stage = Stage::Settling;
            return;
        };
        let is_live = next.socket == Some(id);
        let is_spent = run.has_failed && self.rules.keep(Rule::FailedConnectionIsSpent);
        let slot = if !run.has_time || is_spent {
            Slot::Ended(Verdict::NotSent)
        } else if run.has_failed || !is_live {
            Slot::Ended(Verdict::Open)
        } else {
            Slot::Sent
        };
        let run = &mut next.runs[id];
        for (place, target) in run.targets.into_iter().enumerate() {
            if run.slots[place] == Slot::Ready && groups[target.group] {
                run.slots[place] = slot;
                run.flight[target.group] = slot == Slot::Sent;
                run.ghost[target.group].unsent = run.has_failed;
            }
        }
        if slot == Slot::Sent {
            run.stage = Stage::Sent;
        } else {
            // Written to a socket that was thrown out, it learns that much.
            run.has_failed |= !is_live;
        }
    }

    pub(super) fn is_community(&self, group: usize) -> bool {
        self.scene.is_community && group == 1
    }

    /// WhatsApp applies a run's leaves.
    pub(super) fn apply(&self, next: &mut State, id: RunId) {
        for group in 0..GROUPS {
            if !next.runs[id].flight[group] {
                continue;
            }
            next.runs[id].flight[group] = false;
            let reply = if next.groups[group].is_member() {
                take_out(next, group);
                if next.runs[id].read[group].evidence {
                    next.groups[group].ghost.owed = Owed::Open;
                }
                if self.is_community(group) && next.groups[0].is_member() {
                    take_out(next, 0);
                }
                Slot::Left
            } else {
                Slot::Absent(tell(next, id, group))
            };
            let run = &mut next.runs[id];
            for (place, target) in run.targets.into_iter().enumerate() {
                if target.group == group && run.slots[place] == Slot::Sent {
                    run.slots[place] = reply;
                }
            }
        }
    }
}

/// A leave of ours takes us out.
fn take_out(next: &mut State, group: usize) {
    next.leave_group(group, Membership::OutByUs);
    next.groups[group].ghost.credit = true;
}

/// Reads a reply, which may not name one of the groups.
pub(super) fn receive(next: &mut State, id: RunId, missing: Option<usize>) {
    let run = &mut next.runs[id];
    for (place, target) in run.targets.into_iter().enumerate() {
        let verdict = match run.slots[place] {
            Slot::Left | Slot::Absent(_) if missing == Some(target.group) => Verdict::Open,
            Slot::Left => Verdict::Confirmed,
            Slot::Absent(told) => absent(run, target.group, told),
            Slot::Unused | Slot::Waiting | Slot::Ready | Slot::Sent | Slot::Ended(_) => {
                continue;
            }
        };
        run.slots[place] = Slot::Ended(verdict);
    }
    run.stage = Stage::Online;
}

pub(super) fn give_up(next: &mut State, id: RunId) {
    let awaited = sent_groups(next, id);
    let run = &mut next.runs[id];
    for (place, target) in run.targets.into_iter().enumerate() {
        let is_awaited = matches!(run.slots[place], Slot::Sent | Slot::Left | Slot::Absent(_));
        if is_awaited && awaited[target.group] {
            run.slots[place] = Slot::Ended(Verdict::Open);
        }
    }
    run.stage = Stage::Online;
}

/// We are not in the group: whose act was it, as far as the notes tell?
pub(super) fn absent(run: &Run, group: usize, told: Told) -> Verdict {
    let read = run.read[group];
    if read.earlier && read.evidence { Verdict::Recovered(told) } else { Verdict::NotMember(told) }
}

/// What is true when WhatsApp tells `id` that we are not in `group`. The
/// exception is that of [`crate::one_group::properties::nobody_can_tell`].
pub(super) fn tell(state: &State, id: RunId, group: usize) -> Told {
    let stored = &state.groups[group];
    let is_lost = |(other, run): (RunId, &Run)| other != id && run.ghost[group].open;
    if stored.ghost.owed == Owed::Open {
        Told::Owed
    } else if stored.membership == Membership::OutByOthers
        && stored.row
        && state.runs.iter().enumerate().any(is_lost)
    {
        Told::Excused
    } else {
        Told::Plain
    }
}

/// The groups whose reply is awaited.
pub(super) fn sent_groups(state: &State, id: RunId) -> [bool; GROUPS] {
    let mut sent = [false; GROUPS];
    for (target, slot) in state.runs[id].each() {
        sent[target.group] |= matches!(slot, Slot::Sent | Slot::Left | Slot::Absent(_));
    }
    sent
}
