//! What each step does.

use super::action::{Action, Order};
use super::stanza::{absent, give_up, receive, tell};
use super::state::{CLOSING, Owed, Run, Slot, Stage, State, Verdict};
use super::verdict::judge_end;
use super::{Batches, Rule};
use crate::delivery::Delivery;
use crate::group::{Identifier, Membership};
use crate::lease::{self, Lease, RunId};

impl Batches {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::Acquire(id, order) => self.acquire(&mut next, id, order),
            Action::LogIn(id) => {
                next.log_in(id);
                next.runs[id].stage = Stage::Online;
                make_ready(&mut next.runs[id]);
            }
            Action::LoginFails(id) => {
                next.budget.losses -= 1;
                end_waiting(&mut next.runs[id], usize::MAX);
                next.runs[id].stage = Stage::Settling;
            }
            Action::Resolve(id, how) => self.resolve(&mut next, id, how),
            Action::QueryLost(id) => {
                next.budget.losses -= 1;
                end_waiting(&mut next.runs[id], 1);
            }
            Action::ConnectionFails(id) => {
                lose_unless_replaced(&mut next, id);
                next.runs[id].has_failed = true;
                end_waiting(&mut next.runs[id], usize::MAX);
            }
            Action::Send(id) => self.send(&mut next, id),
            Action::Apply(id) => self.apply(&mut next, id),
            Action::Receive(id) => receive(&mut next, id, None),
            Action::ReceiveWithout(id, group) => {
                next.budget.losses -= 1;
                receive(&mut next, id, Some(group));
            }
            Action::GiveUp(id) => {
                next.budget.losses -= 1;
                give_up(&mut next, id);
            }
            Action::ReplyFails(id) => {
                lose_unless_replaced(&mut next, id);
                give_up(&mut next, id);
                next.runs[id].has_failed = true;
            }
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                // Only a cut command tells it from a run that is done.
                let is_first = self.is_cut() && id == 0;
                next.runs[id].end(if is_first { Stage::Crashed } else { Stage::Done });
                self.forget_command(&mut next, id);
            }
            Action::Expire(id) => {
                next.runs[id].has_time = false;
                lease::expire(&mut next.lease, id);
            }
            Action::Remove(group) => {
                next.budget.removals -= 1;
                next.leave_group(group, Membership::OutByOthers);
            }
            Action::Rejoin(group) => {
                next.budget.rejoins -= 1;
                next.groups[group].membership = Membership::In;
                // A retry leaves again now, which is a 200 of its own.
                next.groups[group].ghost.owed = Owed::Nothing;
            }
            Action::AskAgain => next = self.ask_again(state),
        }
        next
    }

    /// The owner that a run's intents carry.
    pub(super) fn owner(&self, id: RunId) -> RunId {
        let is_second = self.is_cut() && id == 1;
        if is_second && !self.rules.keep(Rule::OwnerForEachRun) { 0 } else { id }
    }

    fn acquire(&self, next: &mut State, id: RunId, order: Order) {
        next.lease = Some(Lease::of(id));
        let mut run =
            Run { stage: Stage::Leased, has_time: true, said: next.runs[id].said, ..Run::IDLE };
        for (group, truth) in next.groups.iter().enumerate() {
            run.ghost[group].was_out = !truth.is_member();
        }
        for (place, target) in order.iter().enumerate() {
            run.targets[place] = *target;
            run.slots[place] = Slot::Waiting;
        }
        next.runs[id] = run;
        for target in order.iter().filter(|target| target.by == Identifier::Jid) {
            self.intend(next, id, target.group);
        }
    }

    /// Writes the intent where there is none, and reads the row.
    fn intend(&self, next: &mut State, id: RunId, group: usize) {
        let stored = &mut next.groups[group];
        let by = *stored.intent.get_or_insert(self.owner(id));
        let run = &mut next.runs[id];
        run.read[group].earlier = by != self.owner(id);
        run.read[group].evidence = stored.row;
        run.ghost[group].open = true;
    }

    fn resolve(&self, next: &mut State, id: RunId, how: Delivery) {
        let Some((place, group, by)) = waiting(&next.runs[id]) else {
            return;
        };
        if by == Identifier::Jid && !next.groups[group].is_member() {
            let verdict = absent(&next.runs[id], group, tell(next, id, group));
            next.runs[id].slots[place] = Slot::Ended(verdict);
            return;
        }
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let needs_write = by == Identifier::Jid || next.groups[group].intent.is_none();
        let is_written = how != Delivery::RequestLost && next.is_leased_to(id);
        if by == Identifier::Invite && (!needs_write || is_written) {
            self.intend(next, id, group);
        }
        if by == Identifier::Jid && is_written {
            next.groups[group].row = true;
        }
        let is_known = !needs_write || (is_written && how == Delivery::Answered);
        let run = &mut next.runs[id];
        if !is_known {
            run.slots[place] = Slot::Ended(Verdict::NotSent);
            return;
        }
        run.slots[place] = Slot::Ready;
        if by == Identifier::Jid {
            run.read[group].evidence = true;
            make_ready(run);
        }
    }

    /// One undisturbed run more for each order of each plan.
    fn ask_again(&self, state: &State) -> State {
        let mut end = State::over(state.broken);
        for plan in self.scene.closings {
            let mut state = *state;
            for &order in *plan {
                lease::end(&mut state.lease);
                state.runs[CLOSING] = Run::IDLE;
                state = self.step(&state, Action::Acquire(CLOSING, order));
                while let Some(action) = undisturbed(&state) {
                    state = self.step(&state, action);
                }
            }
            judge_end(&mut state, plan);
            end.broken.add_all(state.broken);
        }
        end
    }
}

/// The next step of the undisturbed run.
fn undisturbed(state: &State) -> Option<Action> {
    let run = &state.runs[CLOSING];
    Some(match run.stage {
        Stage::Leased => Action::LogIn(CLOSING),
        Stage::Online if waiting(run).is_some() => Action::Resolve(CLOSING, Delivery::Answered),
        Stage::Online => Action::Send(CLOSING),
        Stage::Sent if run.slots.contains(&Slot::Sent) => Action::Apply(CLOSING),
        Stage::Sent => Action::Receive(CLOSING),
        Stage::Settling => Action::Settle(CLOSING, Delivery::Answered),
        Stage::Idle | Stage::Done | Stage::Crashed => return None,
    })
}

/// A connection that another login threw out costs nothing of the budget.
fn lose_unless_replaced(next: &mut State, id: RunId) {
    if next.socket == Some(id) {
        next.budget.losses -= 1;
    }
}

/// A JID with a row needs no query.
fn make_ready(run: &mut Run) {
    for (place, target) in run.targets.into_iter().enumerate() {
        let is_known = target.by == Identifier::Jid && run.read[target.group].evidence;
        if run.slots[place] == Slot::Waiting && is_known {
            run.slots[place] = Slot::Ready;
        }
    }
}

/// Ends up to `most` targets whose query comes to nothing.
fn end_waiting(run: &mut Run, most: usize) {
    let targets = run.targets;
    let waiting = run.slots.iter_mut().zip(targets).filter(|(slot, _)| **slot == Slot::Waiting);
    for (slot, target) in waiting.take(most) {
        *slot = Slot::Ended(match target.by {
            Identifier::Jid => Verdict::NotSent,
            Identifier::Invite => Verdict::Unresolved,
        });
    }
}

/// The next target that needs a query.
fn waiting(run: &Run) -> Option<(usize, usize, Identifier)> {
    let place = run.slots.iter().position(|slot| *slot == Slot::Waiting)?;
    let target = run.targets[place];
    Some((place, target.group, target.by))
}
