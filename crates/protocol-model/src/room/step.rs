//! What each step does.

use super::action::{Action, Order, Reply};
use super::state::{CLOSING, GROUPS, Intent, REMOVED, Run, Stage, State, TIDIED, Verdict};
use super::{Promise, Rooms, Rule};
use crate::delivery::Delivery;
use crate::lease::{self, RunId};

impl Rooms {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::Acquire(id, order) => self.acquire(&mut next, id, order),
            Action::MakeRoom(id) => {
                self.make_room(&mut next, id);
                if id != CLOSING && next.runs[id].stage == Stage::Done {
                    end(&mut next, id);
                }
            }
            Action::AcquireAgain(id) => {
                if let Stage::Narrowed { seen } = next.runs[id].stage {
                    self.acquire_again(&mut next, id, seen);
                }
            }
            Action::Resolve(id) => self.resolve(&mut next, id),
            Action::Leave(id, reply) => leave(&mut next, id, reply),
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                end(&mut next, id);
            }
            Action::Expire(id) => expire(&mut next, id),
            Action::HalfDay => {
                next.now += 1;
                for id in 0..next.runs.len() {
                    expire(&mut next, id);
                }
                lease::end(&mut next.lease);
                forget_when(&mut next);
            }
            Action::AskAgain => next = self.ask_again(state),
        }
        next
    }

    /// One fenced transaction, which tidies up where it can, and the answer.
    fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let run = next.runs[id];
        let now = *next;
        let is_own = |group: usize| now.groups[group].intent.is_some_and(|it| it.by == Some(id));
        let is_spent = |group: usize| match run.verdicts[group] {
            Verdict::Left | Verdict::NotMember { .. } => true,
            Verdict::NotSent => is_own(group),
            Verdict::Unasked | Verdict::NoRoom | Verdict::Waiting | Verdict::Open => false,
        };
        let is_ended = |group: usize| {
            let is_other = matches!(run.verdicts[group], Verdict::Unasked | Verdict::NoRoom);
            is_other && run.seen[group].is_some_and(|at| !now.counts(at))
        };
        let most = if self.rules.keep(Rule::TidyingBounded) { TIDIED } else { GROUPS };
        let tidied: Vec<usize> = (0..GROUPS).filter(|group| is_ended(*group)).take(most).collect();
        let spent: Vec<usize> = (0..GROUPS).filter(|group| is_spent(*group)).collect();

        let has_vanished = tidied.iter().any(|group| now.times()[*group] != run.seen[*group]);
        let is_stopped = spent.len() + tidied.len() > REMOVED
            || (has_vanished && !self.rules.keep(Rule::SettlingNeedsNoTidying));
        let is_leased = next.is_leased_to(id);
        if is_stopped && is_leased {
            next.broken.add(Promise::SettlingIsNeverStopped);
        }
        let is_written = how != Delivery::RequestLost && is_leased && !is_stopped;
        if is_written {
            next.lease = None;
            for group in spent.iter().chain(&tidied) {
                next.groups[*group].intent = None;
            }
            for group in spent {
                if run.verdicts[group] != Verdict::NotSent {
                    next.groups[group].row = false;
                    next.groups[group].owed = None;
                }
            }
        }
        let is_known = is_written && how == Delivery::Answered;
        if is_known && run.verdicts.contains(&Verdict::NotMember { is_false: true }) {
            next.broken.add(Promise::NotFoundIsTrue);
        }
        if id == CLOSING {
            next.runs[id].stage = Stage::Done;
        } else {
            end(next, id);
        }
    }

    /// Each group is asked for until it is no longer row 25, or as often as there are
    /// intents to tidy.
    fn ask_again(&self, state: &State) -> State {
        let mut end = *state;
        for group in [&[0], &[1], &[2]] {
            let mut tries = 0;
            loop {
                tries += 1;
                lease::end(&mut end.lease);
                end.runs[CLOSING] = Run::IDLE;
                end = self.step(&end, Action::Acquire(CLOSING, Order::Jids(group)));
                while let Some(action) = undisturbed(&end) {
                    end = self.step(&end, action);
                }
                let is_refused = end.runs[CLOSING].verdicts[group[0]] == Verdict::NoRoom;
                if !is_refused || tries > GROUPS {
                    break;
                }
            }
            let open = end.times().into_iter().flatten().filter(|at| end.counts(*at)).count();
            let is_locked = end.runs[CLOSING].verdicts[group[0]] == Verdict::NoRoom;
            if is_locked && open < super::state::ROOM {
                end.broken.add(Promise::EndedNeverLock);
            }
            if end.is_leased_to(CLOSING) {
                end.broken.add(Promise::SettlingIsNeverStopped);
            }
        }
        State::over(end.broken)
    }
}

/// The next step of the undisturbed run.
fn undisturbed(state: &State) -> Option<Action> {
    Some(match state.runs[CLOSING].stage {
        Stage::Full => Action::MakeRoom(CLOSING),
        Stage::Narrowed { .. } => Action::AcquireAgain(CLOSING),
        Stage::Leased => Action::Leave(CLOSING, Reply::Done),
        Stage::Settling => Action::Settle(CLOSING, Delivery::Answered),
        Stage::Idle | Stage::Done => return None,
    })
}

/// What a run had read is forgotten, which keeps equal states equal.
fn end(next: &mut State, id: RunId) {
    next.runs[id] = Run { stage: Stage::Done, ..Run::IDLE };
}

fn expire(next: &mut State, id: RunId) {
    next.runs[id].has_time = false;
    lease::expire(&mut next.lease, id);
}

/// When an ended intent began matters to nobody, which keeps equal states equal.
fn forget_when(next: &mut State) {
    let now = *next;
    let ended = |at: u8| if now.counts(at) { at } else { 0 };
    for group in &mut next.groups {
        group.owed = group.owed.filter(|at| now.counts(*at));
        if let Some(intent) = &mut group.intent {
            intent.at = ended(intent.at);
        }
    }
    for at in next.runs.iter_mut().flat_map(|run| &mut run.seen).flatten() {
        *at = ended(*at);
    }
}

/// Renews earlier intents, writes its own over ended ones, and leaves.
fn leave(next: &mut State, id: RunId, reply: Reply) {
    if reply != Reply::Done {
        next.budget.losses -= 1;
    }
    let now = next.now;
    let is_sent = next.runs[id].has_time && next.is_leased_to(id) && reply != Reply::Unsent;
    for group in 0..GROUPS {
        if next.runs[id].verdicts[group] != Verdict::Waiting {
            continue;
        }
        let earlier = next.runs[id].earlier[group];
        let verdict = if is_sent {
            let by = next.groups[group].intent.filter(|_| earlier).map_or(Some(id), |it| it.by);
            next.groups[group].intent = Some(Intent { by, at: now });
            take_out(next, group, earlier, reply)
        } else {
            Verdict::NotSent
        };
        next.runs[id].verdicts[group] = verdict;
    }
    next.runs[id].stage = Stage::Settling;
}

fn take_out(next: &mut State, group: usize, earlier: bool, reply: Reply) -> Verdict {
    let is_owed = next.groups[group].owed.is_some_and(|at| next.counts(at));
    let now = next.now;
    let stored = &mut next.groups[group];
    let was_member = stored.is_member;
    if was_member {
        stored.is_member = false;
        stored.owed = Some(now);
    }
    match reply {
        Reply::DoneUnheard | Reply::Unsent => Verdict::Open,
        Reply::Done if was_member || (earlier && stored.row) => Verdict::Left,
        Reply::Done => Verdict::NotMember { is_false: is_owed },
    }
}
