//! Who is let in: taking the lease while there is room, and making some.

use super::action::Order;
use super::state::{GROUPS, Intent, ROOM, Run, Stage, State, TIDIED, Verdict};
use super::{Promise, Rooms, Rule};
use crate::lease::{Lease, RunId};

impl Rooms {
    pub(super) fn acquire(&self, next: &mut State, id: RunId, order: Order) {
        let mut run = Run { seen: next.times(), ..Run::IDLE };
        let new = match order {
            Order::Jids(groups) => {
                for group in groups {
                    run.verdicts[*group] = Verdict::Waiting;
                }
                groups.len()
            }
            Order::Invite(group) => {
                run.invite = Some(group);
                0
            }
        };
        // An invite brings no intent yet, so its acquire asks for no room.
        let fits = new == 0 || next.size() + new <= ROOM || !self.rules.keep(Rule::RoomChecked);
        run.stage = Stage::Full;
        next.runs[id] = run;
        if fits {
            take(next, id);
        }
    }

    /// Removes ended intents as they were seen, and decides who fits then.
    pub(super) fn make_room(&self, next: &mut State, id: RunId) {
        let seen = next.runs[id].seen;
        let now = *next;
        let is_ended = |at: u8| !now.counts(at) || !self.rules.keep(Rule::OpenSpared);
        let ended = (0..GROUPS).filter(|group| seen[*group].is_some_and(is_ended));
        let most = if self.rules.keep(Rule::EndedMakeRoom) { TIDIED } else { 0 };
        for group in ended.take(most) {
            let stored = &mut next.groups[group].intent;
            let is_seen = stored.map(|intent| intent.at) == seen[group];
            if is_seen || !self.rules.keep(Rule::RemovedByTime) {
                *stored = None;
            }
        }
        self.narrow(next, id);
    }

    /// Groups that have an intent pass, and as many new ones as fit; the others are
    /// row 25. Where nothing is left no lease is taken.
    fn narrow(&self, next: &mut State, id: RunId) {
        let size = next.size();
        let mut room = ROOM.saturating_sub(size);
        let now = *next;
        let run = &mut next.runs[id];
        for group in 0..GROUPS {
            if run.verdicts[group] != Verdict::Waiting {
                continue;
            }
            let standing = now.groups[group].intent;
            if standing.is_some() && self.rules.keep(Rule::StandingPass) {
                continue;
            }
            if room > 0 {
                room -= 1;
                continue;
            }
            run.verdicts[group] = Verdict::NoRoom;
            if standing.is_some_and(|intent| now.counts(intent.at)) {
                next.broken.add(Promise::RetryPasses);
            }
        }
        let is_left = run.verdicts.contains(&Verdict::Waiting);
        run.seen = now.times();
        run.stage = if is_left { Stage::Narrowed { seen: size } } else { Stage::Done };
        if !is_left {
            *run = Run { stage: Stage::Done, verdicts: run.verdicts, ..Run::IDLE };
        }
    }

    /// The same update, for what was let in. What has changed since refuses it, and
    /// it looks again.
    pub(super) fn acquire_again(&self, next: &mut State, id: RunId, seen: usize) {
        let run = next.runs[id];
        let stands = |group: usize| next.groups[group].intent.is_some();
        let passed = (0..GROUPS)
            .filter(|group| run.verdicts[*group] == Verdict::Waiting && run.seen[*group].is_some());
        let still_stand = passed.into_iter().all(stands);
        let is_room = next.size() <= seen || !self.rules.keep(Rule::RoomCheckedAgain);
        if still_stand && is_room {
            take(next, id);
        } else {
            next.runs[id].seen = next.times();
            next.runs[id].stage = Stage::Full;
        }
    }

    /// An invite's JID is known under the lease only, where nobody else adds.
    pub(super) fn resolve(&self, next: &mut State, id: RunId) {
        let Some(group) = next.runs[id].invite.take() else {
            return;
        };
        let stands = next.groups[group].intent.is_some();
        let fits = next.size() < ROOM || !self.rules.keep(Rule::InviteCounted);
        next.runs[id].verdicts[group] = if !next.is_leased_to(id) {
            Verdict::NotSent
        } else if stands || fits {
            intend(next, id, group);
            Verdict::Waiting
        } else {
            Verdict::NoRoom
        };
        if !next.runs[id].verdicts.contains(&Verdict::Waiting) {
            next.runs[id].stage = Stage::Settling;
        }
    }
}

/// Writes the intent where there is none.
fn intend(next: &mut State, id: RunId, group: usize) {
    let is_new = next.groups[group].intent.is_none();
    let own = Intent { by: Some(id), at: next.now };
    let standing = *next.groups[group].intent.get_or_insert(own);
    next.runs[id].earlier[group] = standing.by != Some(id) && next.counts(standing.at);
    if is_new && next.size() > ROOM {
        next.broken.add(Promise::AtMostRoom);
    }
}

/// Takes the lease, with an intent for every group that waits.
fn take(next: &mut State, id: RunId) {
    next.lease = Some(Lease::of(id));
    next.runs[id].stage = Stage::Leased;
    next.runs[id].has_time = true;
    for group in 0..GROUPS {
        if next.runs[id].verdicts[group] == Verdict::Waiting {
            intend(next, id, group);
        }
    }
    next.runs[id].seen = next.times();
}
