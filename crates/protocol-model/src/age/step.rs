//! What each step does.

use super::action::{Action, Purpose};
use super::state::{CLOSING, Intent, Run, RunGhost, Stage, State, Verdict};
use super::{Ages, Promise, Rule};
use crate::delivery::Delivery;
use crate::group::{Membership, Told};
use crate::lease::{self, Lease, RunId};

impl Ages {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::Acquire(id, purpose) => self.acquire(&mut next, id, purpose),
            Action::LogIn(id) => log_in(&mut next, id),
            Action::Ban(id) => refuse(&mut next, id, Verdict::NotSent, true),
            Action::Prepare(id, how) => self.prepare_stanza(&mut next, id, how),
            Action::Send(id) => send(&mut next, id),
            Action::Apply(id) => apply(&mut next, id),
            Action::Receive(id) => {
                let run = &mut next.runs[id];
                run.stage = Stage::Settling(match run.stage {
                    Stage::Left => Verdict::Confirmed,
                    Stage::Absent(told) => absent(run, told),
                    Stage::Idle
                    | Stage::Leased
                    | Stage::Online
                    | Stage::Ready
                    | Stage::Sent
                    | Stage::Settling(_)
                    | Stage::Done => Verdict::Open,
                });
            }
            Action::Refuse(id) => {
                next.runs[id].in_flight = false;
                refuse(&mut next, id, Verdict::Refused, false);
            }
            Action::Throttle(id) => {
                next.runs[id].in_flight = false;
                refuse(&mut next, id, Verdict::Refused, true);
            }
            Action::CutOff(id) => refuse(&mut next, id, Verdict::Open, true),
            Action::GiveUp(id) => lose(&mut next, id, Verdict::Open),
            Action::Fail(id) => lose(&mut next, id, Verdict::NotSent),
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                next.runs[id].end();
            }
            Action::Expire(id) => {
                next.runs[id].has_time = false;
                lease::expire(&mut next.lease, id);
            }
            Action::Remove => {
                next.budget.removals -= 1;
                next.leave_group(Membership::OutByOthers);
            }
            Action::Rejoin => {
                next.budget.rejoins -= 1;
                next.membership = Membership::In;
                // A retry leaves again now, which is a 200 of its own.
                next.ghost.owed = None;
            }
            Action::HalfDay => {
                let now = next.now + 1;
                pass(&mut next, now);
            }
            Action::AskAgain => next = self.ask_again(state),
        }
        next
    }

    fn acquire(&self, next: &mut State, id: RunId, purpose: Purpose) {
        next.lease = Some(Lease::of(id));
        let ghost = RunGhost { was_out: !next.is_member(), open: None };
        let mut run = Run { stage: Stage::Leased, purpose, has_time: true, ghost, ..Run::IDLE };
        if purpose == Purpose::Leave {
            run.read.evidence = next.row;
            let intent = *next.intent.get_or_insert(Intent { by: id, at: next.now });
            if intent.by == id {
                run.ghost.open = Some(next.now);
            } else if next.counts(intent.at) || !self.rules.keep(Rule::IntentEnds) {
                run.read.shown = Some(intent.at);
            }
        }
        next.runs[id] = run;
    }

    /// The intent that has to stand before the stanza, if it does not yet.
    pub(super) fn write_before_stanza(&self, state: &State, id: RunId) -> Option<Intent> {
        let run = &state.runs[id];
        let standing = state.intent?;
        let is_renewed =
            self.rules.keep(Rule::Renewed) && self.rules.keep(Rule::RenewedBeforeStanza);
        match run.read.shown {
            Some(_) if standing.at == state.now || !is_renewed => None,
            Some(_) if self.rules.keep(Rule::RenewalChangesTimeOnly) => {
                Some(Intent { at: state.now, ..standing })
            }
            None if standing.by == id || !self.rules.keep(Rule::EndedIntentReplaced) => None,
            Some(_) | None => Some(Intent { by: id, at: state.now }),
        }
    }

    fn prepare_stanza(&self, next: &mut State, id: RunId, how: Delivery) {
        if !next.runs[id].read.evidence {
            if !next.is_member() {
                let told = tell(next, id);
                let run = &mut next.runs[id];
                run.stage = Stage::Settling(absent(run, told));
                return;
            }
            if !next.is_leased_to(id) {
                next.runs[id].stage = Stage::Settling(Verdict::NotSent);
                return;
            }
            next.row = true;
            next.runs[id].read.evidence = true;
        }
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let mut is_known = true;
        if let Some(intent) = self.write_before_stanza(next, id) {
            let may_write = next.is_leased_to(id) || !self.rules.keep(Rule::RenewalFenced);
            let is_written = how != Delivery::RequestLost && may_write;
            if is_written {
                if !next.is_leased_to(id) {
                    next.broken.add(Promise::FencedOffWritesNothing);
                }
                next.intent = Some(intent);
                next.runs[id].ghost.open = Some(next.now);
            }
            next.runs[id].wrote = Some(next.now);
            is_known = is_written && how == Delivery::Answered;
        }
        next.runs[id].stage =
            if is_known { Stage::Ready } else { Stage::Settling(Verdict::NotSent) };
    }

    fn ask_again(&self, state: &State) -> State {
        let mut end = *state;
        if let Some(until) = end.blocked_until {
            pass(&mut end, until);
        }
        end = self.step(&end, Action::Acquire(CLOSING, Purpose::Leave));
        while let Some(action) = undisturbed(&end) {
            end = self.step(&end, action);
        }
        let is_clean = end.lease.is_none() && end.intent.is_none() && end.row == end.is_member();
        if !is_clean {
            end.broken.add(Promise::NothingIsLeft);
        }
        State::over(end.broken)
    }
}

/// The next step of the undisturbed run.
fn undisturbed(state: &State) -> Option<Action> {
    Some(match state.runs[CLOSING].stage {
        Stage::Leased => Action::LogIn(CLOSING),
        Stage::Online => Action::Prepare(CLOSING, Delivery::Answered),
        Stage::Ready => Action::Send(CLOSING),
        Stage::Sent => Action::Apply(CLOSING),
        Stage::Left | Stage::Absent(_) => Action::Receive(CLOSING),
        Stage::Settling(_) => Action::Settle(CLOSING, Delivery::Answered),
        Stage::Idle | Stage::Done => return None,
    })
}

fn log_in(next: &mut State, id: RunId) {
    next.socket = Some(id);
    for (other, run) in next.runs.iter_mut().enumerate() {
        run.in_flight &= other == id;
    }
    let run = &mut next.runs[id];
    run.stage = match run.purpose {
        Purpose::Leave => Stage::Online,
        Purpose::Else => Stage::Settling(Verdict::NotSent),
    };
}

fn send(next: &mut State, id: RunId) {
    let is_live = next.socket == Some(id);
    let run = &mut next.runs[id];
    if !run.has_time {
        run.stage = Stage::Settling(Verdict::NotSent);
        return;
    }
    run.ghost.open = Some(next.now);
    run.in_flight = is_live;
    run.stage = if is_live { Stage::Sent } else { Stage::Settling(Verdict::Open) };
}

fn apply(next: &mut State, id: RunId) {
    let reply = if next.is_member() {
        next.leave_group(Membership::OutByUs);
        next.ghost.credit = true;
        next.ghost.owed = next.runs[id].read.evidence.then_some(next.now);
        Stage::Left
    } else {
        Stage::Absent(tell(next, id))
    };
    let run = &mut next.runs[id];
    run.in_flight = false;
    if run.stage == Stage::Sent {
        run.stage = reply;
    }
}

fn refuse(next: &mut State, id: RunId, verdict: Verdict, found_block: bool) {
    next.budget.refusals -= 1;
    next.runs[id].stage = Stage::Settling(verdict);
    next.runs[id].found_block = found_block;
}

/// A connection that another login threw out costs nothing of the budget.
fn lose(next: &mut State, id: RunId, verdict: Verdict) {
    if next.socket == Some(id) {
        next.budget.losses -= 1;
    }
    next.runs[id].stage = Stage::Settling(verdict);
}

/// Time passes until `now`: no lease, no connection and no stanza in flight lasts
/// that long.
fn pass(next: &mut State, now: u8) {
    next.now = next.now.max(now);
    let seen = *next;
    next.socket = None;
    next.blocked_until = next.blocked_until.filter(|until| *until > seen.now);
    next.ghost.owed = next.ghost.owed.filter(|at| seen.counts(*at));
    lease::end(&mut next.lease);
    for run in &mut next.runs {
        run.has_time = false;
        run.in_flight = false;
        run.ghost.open = run.ghost.open.filter(|at| seen.counts(*at));
    }
}

/// We are not in the group: whose act was it, as far as the notes tell?
fn absent(run: &Run, told: Told) -> Verdict {
    if run.read.shown.is_some() && run.read.evidence {
        Verdict::Recovered(told)
    } else {
        Verdict::NotMember(told)
    }
}

/// What is true when WhatsApp tells `id` that we are not in the group. The
/// exception is that of [`crate::one_group::properties::nobody_can_tell`], for as long as the
/// lost outcome counts.
fn tell(state: &State, id: RunId) -> Told {
    let counts = |at: Option<u8>| at.is_some_and(|at| state.counts(at));
    let is_lost = |(other, run): (RunId, &Run)| other != id && counts(run.ghost.open);
    if counts(state.ghost.owed) {
        Told::Owed
    } else if state.membership == Membership::OutByOthers
        && state.row
        && state.runs.iter().enumerate().any(is_lost)
    {
        Told::Excused
    } else {
        Told::Plain
    }
}
