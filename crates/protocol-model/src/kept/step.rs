//! What each step does.

use super::action::{Action, Reply};
use super::state::{Answer, CLOSING, GROUPS, Kept, Run, Stage, State, Verdict};
use super::{Keeping, Promise, Rule};
use crate::delivery::Delivery;
use crate::lease::{self, Lease, RunId};

impl Keeping {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::Begin(id, group) => {
                next.runs[id] = Run { group, seen: next.first(), ..Run::IDLE };
                match self.read(&next, group) {
                    None => next.runs[id].stage = Stage::Waiting,
                    Some(answer) => answer_with(&mut next, id, answer),
                }
            }
            Action::Acquire(id) => self.acquire(&mut next, id),
            Action::ReadAgain(id) => {
                next.runs[id].seen = next.first();
                next.runs[id].stage = match self.read(&next, next.runs[id].group) {
                    None => Stage::Ready,
                    Some(Answer::OtherRequest) => {
                        Stage::Settling(Verdict::NotSent(Answer::OtherRequest))
                    }
                    Some(answer) => Stage::Settling(Verdict::Replayed(answer)),
                };
                judge_other_request(&mut next, id);
            }
            Action::Leave(id, reply) => leave(&mut next, id, reply),
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::Keep(id) => {
                let run = next.runs[id];
                if let Stage::Keeping(answer) = run.stage {
                    let kept = Kept { group: run.group, answer, at: next.now };
                    if self.may_keep(&next) {
                        keep(&mut next, kept);
                    }
                    answer_with(&mut next, id, answer);
                }
            }
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                end(&mut next, id);
            }
            Action::Expire(id) => expire(&mut next, id),
            Action::Relink => next.is_connected = true,
            Action::HalfDay => {
                next.now += 1;
                for id in 0..next.runs.len() {
                    expire(&mut next, id);
                }
                lease::end(&mut next.lease);
            }
            Action::AskAgain => next = self.ask_again(state),
        }
        next
    }

    /// What the kept answer is to a request for `group`.
    fn read(&self, state: &State, group: usize) -> Option<Answer> {
        let lasts = |kept: &Kept| state.lasts(*kept) || !self.rules.keep(Rule::EndedIsNotRead);
        let kept = state.kept.filter(lasts)?;
        let is_own = kept.group == group || !self.rules.keep(Rule::IdentifierCompared);
        Some(if is_own { kept.answer } else { Answer::OtherRequest })
    }

    fn acquire(&self, next: &mut State, id: RunId) {
        let seen = next.first();
        if !next.is_connected {
            answer_with(next, id, Answer::NotConnected);
            return;
        }
        next.lease = Some(Lease::of(id));
        let group = next.runs[id].group;
        let by = *next.groups[group].intent.get_or_insert(id);
        let run = &mut next.runs[id];
        run.earlier = by != id;
        run.has_time = true;
        run.seen = seen;
        let reads_again = self.rules.keep(Rule::ReadAgainUnderLease);
        run.stage = if reads_again { Stage::Leased } else { Stage::Ready };
    }

    /// Whether the condition of a keeping holds.
    fn may_keep(&self, state: &State) -> bool {
        let Some(kept) = state.kept else { return true };
        if !self.rules.keep(Rule::WrittenOnce) {
            return true;
        }
        !state.lasts(kept) && self.rules.keep(Rule::EndedCountsAsNone)
    }

    /// What a run keeps of its verdict.
    fn keeps(&self, verdict: Verdict) -> Option<Answer> {
        let answer = match verdict {
            Verdict::Confirmed | Verdict::Recovered => Answer::Left,
            Verdict::NotMember => Answer::NotMember,
            Verdict::Refused => Answer::NotAllowed,
            Verdict::Open => Answer::Unavailable,
            Verdict::NotSent(answer) => answer,
            Verdict::Replayed(_) => return None,
        };
        let may = answer.is_final()
            || (answer.is_retryable() && !self.rules.keep(Rule::RetryableNotKept))
            || (answer == Answer::OtherRequest && !self.rules.keep(Rule::OtherRequestNotKept));
        may.then_some(answer)
    }

    /// One fenced transaction, repeated without the keeping where that one loses,
    /// and the answer after it.
    fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        let run = next.runs[id];
        let Stage::Settling(verdict) = run.stage else {
            return;
        };
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let kept =
            self.keeps(verdict).map(|answer| Kept { group: run.group, answer, at: next.now });
        let in_transaction = kept.filter(|_| self.rules.keep(Rule::WrittenWithSettling));
        let loses = in_transaction.is_some() && !self.may_keep(next);
        let is_fenced_off = !next.is_leased_to(id);
        let is_stopped = loses && !self.rules.keep(Rule::LosingStopsNothing);
        let is_written = how != Delivery::RequestLost && !is_fenced_off && !is_stopped;
        let is_known = is_written && how == Delivery::Answered;
        if is_stopped && !is_fenced_off {
            next.broken.add(Promise::SettlingIsNeverStopped);
        }
        if is_written {
            next.lease = None;
            write_verdict(next, id, verdict);
            if let Some(kept) = in_transaction.filter(|_| !loses) {
                keep(next, kept);
            }
            let first = kept.filter(|kept| kept.answer.is_final());
            next.first = next.first().or(first);
        }
        let answer = match verdict {
            Verdict::Confirmed => Answer::Left,
            Verdict::Recovered if is_known => Answer::Left,
            Verdict::NotMember if is_known => Answer::NotMember,
            Verdict::Recovered | Verdict::NotMember | Verdict::Open => Answer::Unavailable,
            Verdict::Refused => Answer::NotAllowed,
            Verdict::NotSent(answer) | Verdict::Replayed(answer) => answer,
        };
        if is_known && kept.is_some() && in_transaction.is_none() {
            next.runs[id].stage = Stage::Keeping(answer);
        } else {
            answer_with(next, id, answer);
        }
    }

    fn ask_again(&self, state: &State) -> State {
        let mut end = State::over(state.broken);
        for order in [[0, 1], [1, 0]] {
            let mut state = *state;
            state.is_connected = true;
            for group in order {
                lease::end(&mut state.lease);
                state.runs[CLOSING] = Run::IDLE;
                state = self.step(&state, Action::Begin(CLOSING, group));
                while let Some(action) = undisturbed(&state) {
                    state = self.step(&state, action);
                }
            }
            end.broken.add_all(state.broken);
        }
        end
    }
}

/// The next step of the undisturbed request.
fn undisturbed(state: &State) -> Option<Action> {
    Some(match state.runs[CLOSING].stage {
        Stage::Waiting => Action::Acquire(CLOSING),
        Stage::Leased => Action::ReadAgain(CLOSING),
        Stage::Ready => Action::Leave(CLOSING, Reply::Done),
        Stage::Settling(_) => Action::Settle(CLOSING, Delivery::Answered),
        Stage::Keeping(_) => Action::Keep(CLOSING),
        Stage::Idle | Stage::Done => return None,
    })
}

/// Writes a kept answer, whose condition held.
fn keep(next: &mut State, kept: Kept) {
    if next.kept.is_some_and(|old| next.lasts(old)) {
        next.broken.add(Promise::KeptOnce);
    }
    if !kept.answer.is_final() {
        next.broken.add(Promise::KeptIsFinal);
    }
    next.kept = Some(kept);
}

fn leave(next: &mut State, id: RunId, reply: Reply) {
    let run = next.runs[id];
    let group = &mut next.groups[run.group];
    let verdict = match reply {
        _ if !run.has_time => Verdict::NotSent(Answer::Unavailable),
        Reply::Done if group.is_member => Verdict::Confirmed,
        Reply::Done if run.earlier && group.row => Verdict::Recovered,
        Reply::Done => Verdict::NotMember,
        Reply::DoneUnheard | Reply::Lost => Verdict::Open,
        Reply::Refused => Verdict::Refused,
        Reply::LoggedOut => Verdict::NotSent(Answer::NotConnected),
        Reply::Failed => Verdict::NotSent(Answer::Unavailable),
    };
    match reply {
        _ if !run.has_time => {}
        Reply::Done => group.is_member = false,
        Reply::DoneUnheard => {
            group.is_member = false;
            next.budget.losses -= 1;
        }
        Reply::Lost | Reply::Failed => next.budget.losses -= 1,
        Reply::Refused => next.budget.refusals -= 1,
        Reply::LoggedOut => next.budget.logouts -= 1,
    }
    next.runs[id].stage = Stage::Settling(verdict);
}

fn write_verdict(next: &mut State, id: RunId, verdict: Verdict) {
    let group = &mut next.groups[next.runs[id].group];
    match verdict {
        Verdict::Confirmed | Verdict::Recovered | Verdict::NotMember => {
            group.row = false;
            group.intent = None;
        }
        Verdict::Refused => {
            group.row = true;
            group.intent = None;
        }
        Verdict::NotSent(_) | Verdict::Replayed(_) => {
            group.intent = group.intent.filter(|by| *by != id);
        }
        Verdict::Open => {}
    }
    if verdict == Verdict::NotSent(Answer::NotConnected) {
        next.is_connected = false;
    }
}

/// A 422 is true when a first answer to another request lasts.
fn judge_other_request(next: &mut State, id: RunId) {
    let run = next.runs[id];
    let is_told = matches!(
        run.stage,
        Stage::Settling(
            Verdict::NotSent(Answer::OtherRequest) | Verdict::Replayed(Answer::OtherRequest)
        )
    );
    if is_told && next.first().is_none_or(|first| first.group == run.group) {
        next.broken.add(Promise::OtherRequest);
    }
}

/// Answers. What was settled first, before the request looked, is what it has to
/// hear; what a retry may mend is said at any time.
fn answer_with(next: &mut State, id: RunId, answer: Answer) {
    let run = next.runs[id];
    let is_at_once = run.stage == Stage::Idle;
    if is_at_once && answer == Answer::OtherRequest && run.seen.is_none() {
        next.broken.add(Promise::OtherRequest);
    }
    if is_at_once && answer.is_final() && run.seen.is_none() {
        next.broken.add(Promise::SameAnswer);
    }
    if let Some(seen) = run.seen.filter(|_| !answer.is_retryable()) {
        if seen.group == run.group && answer != seen.answer {
            next.broken.add(Promise::SameAnswer);
        }
        if seen.group != run.group && answer != Answer::OtherRequest {
            next.broken.add(Promise::OtherRequest);
        }
    }
    end(next, id);
}

fn end(next: &mut State, id: RunId) {
    next.runs[id] = Run { stage: Stage::Done, ..Run::IDLE };
}

fn expire(next: &mut State, id: RunId) {
    next.runs[id].has_time = false;
    lease::expire(&mut next.lease, id);
}

const _: () = assert!(GROUPS == 2, "both are asked for in the end");
