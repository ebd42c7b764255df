//! What a request does, and what the world does.

use super::action::{Action, Reply};
use super::state::{Answer, CLOSING, Run, Session, Stage, State, Verdict};
use super::{Generations, Promise, Rule};
use crate::delivery::Delivery;
use crate::group::{Membership, Read, Told};
use crate::lease::{Lease, RunId};

impl Generations {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::Acquire(id, has_key) => self.acquire(&mut next, id, has_key),
            Action::Leave(id, reply) => leave(&mut next, id, reply),
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                end(&mut next, id);
            }
            Action::Expire(id) => {
                next.runs[id].has_time = false;
                let lease = next.session.as_mut().and_then(|session| session.lease.as_mut());
                if let Some(lease) = lease.filter(|lease| lease.run == id) {
                    lease.is_over = true;
                }
            }
            Action::Delete => self.begin_deletion(&mut next),
            Action::Tidy => self.tidy(&mut next),
            Action::Cut => next.deletion = None,
            Action::Link(number) => self.link(&mut next, number),
            Action::Sync => {
                next.budget.syncs -= 1;
                if let Some(session) = next.session.filter(|session| session.intent.is_none()) {
                    let is_member = next.members[session.number] == Membership::In;
                    next.row = is_member.then_some(session.generation);
                }
            }
            Action::Remove(number) => {
                next.budget.removals -= 1;
                next.members[number] = Membership::OutByOthers;
            }
            Action::AskAgain => next = self.ask_again(state),
        }
        if self.history(&next).is_some_and(|(shown, own)| shown != own) {
            next.broken.add(Promise::HistoryIsOwn);
        }
        let is_found = next.session.is_some_and(|session| !session.is_deleting);
        if next.ghost.is_live && !is_found {
            next.broken.add(Promise::LinkedIsFound);
        }
        next
    }

    /// The generation of the history that is shown, and the session's own.
    fn history(&self, state: &State) -> Option<(u8, u8)> {
        let own = state.session?.generation;
        let is_shown =
            |shown: &u8| *shown == own || !self.rules.keep(Rule::HistoryReadByGeneration);
        Some((state.history.filter(is_shown)?, own))
    }

    fn acquire(&self, next: &mut State, id: RunId, has_key: bool) {
        let Some(session) = &mut next.session else {
            return;
        };
        session.lease = Some(Lease::of(id));
        let by = *session.intent.get_or_insert(id);
        let Session { generation, number, .. } = *session;
        let reads = |of: u8, rule| of == generation || !self.rules.keep(rule);
        let run = Run {
            stage: Stage::Leased,
            has_key,
            generation,
            number,
            has_time: true,
            read: Read {
                earlier: by != id,
                evidence: next.row.is_some_and(|of| reads(of, Rule::RowReadByGeneration)),
            },
            ghost: Some(generation),
        };
        next.runs[id] = run;
        let kept = next.kept.filter(|(of, _)| has_key && reads(*of, Rule::KeptReadByGeneration));
        if let Some((_, answer)) = kept {
            next.runs[id].stage = Stage::Settling(Verdict::Replayed(answer));
        }
    }

    /// One fenced transaction, and the answer after it.
    fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        let run = next.runs[id];
        let Stage::Settling(verdict) = run.stage else {
            return;
        };
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let had_credit = next.ghost.credit[run.number] == Some(run.generation);
        let first = next.ghost.first.filter(|(of, _)| *of == run.generation);
        let is_written = how != Delivery::RequestLost && next.is_leased_to(id);
        let is_known = is_written && how == Delivery::Answered;
        if is_written {
            self.write(next, id, verdict);
        }
        let answer = match verdict {
            Verdict::Confirmed => {
                next.ghost.owed[run.number] = None;
                Some(Answer::Left)
            }
            Verdict::Recovered(told) if is_known => {
                if !had_credit && told != Told::Excused {
                    next.broken.add(Promise::SuccessIsEarned);
                }
                next.ghost.owed[run.number] = None;
                Some(Answer::Left)
            }
            Verdict::NotMember(told) if is_known => {
                if told == Told::Owed {
                    next.broken.add(Promise::NotFoundIsTrue);
                }
                Some(Answer::NotMember)
            }
            Verdict::Replayed(answer) => {
                if first.is_none() {
                    next.broken.add(Promise::SameAnswer);
                }
                Some(answer)
            }
            Verdict::Recovered(_)
            | Verdict::NotMember(_)
            | Verdict::Open
            | Verdict::NotSent
            | Verdict::LoggedOut => None,
        };
        if let (Some(answer), Some((_, first))) = (answer, first)
            && run.has_key
            && is_known
            && answer != first
        {
            next.broken.add(Promise::SameAnswer);
        }
        end(next, id);
    }

    fn write(&self, next: &mut State, id: RunId, verdict: Verdict) {
        let run = next.runs[id];
        let Some(session) = &mut next.session else {
            return;
        };
        session.lease = None;
        match verdict {
            Verdict::Confirmed | Verdict::Recovered(_) | Verdict::NotMember(_) => {
                session.intent = None;
                next.row = None;
                let is_left = !matches!(verdict, Verdict::NotMember(_));
                if is_left {
                    next.history = Some(run.generation);
                }
                let answer = if is_left { Answer::Left } else { Answer::NotMember };
                if run.has_key {
                    self.keep(next, run.generation, answer);
                }
                for run in &mut next.runs {
                    run.ghost = None;
                }
                next.ghost.credit[run.number] = None;
                next.ghost.owed[run.number] = None;
            }
            Verdict::NotSent | Verdict::LoggedOut | Verdict::Replayed(_) => {
                session.intent = session.intent.filter(|by| *by != id);
                next.runs[id].ghost = None;
                if verdict == Verdict::LoggedOut {
                    session.is_logged_out = true;
                    if session.generation != run.generation {
                        next.broken.add(Promise::FindingsAreOwn);
                    }
                }
            }
            Verdict::Open => {}
        }
    }

    /// Put if there is none, in the transaction of the settling.
    fn keep(&self, next: &mut State, generation: u8, answer: Answer) {
        let counts_all = !self.rules.keep(Rule::OtherGenerationCountsAsNone);
        if next.kept.is_none_or(|(of, _)| of != generation && !counts_all) {
            next.kept = Some((generation, answer));
        }
        if next.ghost.first.is_none_or(|(of, _)| of != generation) {
            next.ghost.first = Some((generation, answer));
        }
    }

    /// With the key and without, if there is a session that can be asked.
    fn ask_again(&self, state: &State) -> State {
        let mut end = State::over(state.broken);
        let can_ask =
            state.session.is_some_and(|session| !session.is_deleting && !session.is_logged_out);
        for has_key in [true, false].into_iter().filter(|_| can_ask) {
            let mut state = *state;
            state.runs[CLOSING] = Run::IDLE;
            state = self.step(&state, Action::Acquire(CLOSING, has_key));
            while let Some(action) = undisturbed(&state) {
                state = self.step(&state, action);
            }
            let session = state.session;
            if session.is_none_or(|session| session.lease.is_some()) {
                state.broken.add(Promise::NothingIsLeft);
            }
            let is_clean = state.row.is_none() && session.is_some_and(|it| it.intent.is_none());
            if !has_key && !is_clean {
                state.broken.add(Promise::NothingIsLeft);
            }
            end.broken.add_all(state.broken);
        }
        end
    }
}

/// The next step of the undisturbed request.
fn undisturbed(state: &State) -> Option<Action> {
    Some(match state.runs[CLOSING].stage {
        Stage::Leased => Action::Leave(CLOSING, Reply::Done),
        Stage::Settling(_) => Action::Settle(CLOSING, Delivery::Answered),
        Stage::Idle | Stage::Done => return None,
    })
}

/// What a run had read is forgotten, which keeps equal states equal.
fn end(next: &mut State, id: RunId) {
    next.runs[id] = Run { stage: Stage::Done, ghost: next.runs[id].ghost, ..Run::IDLE };
}

fn leave(next: &mut State, id: RunId, reply: Reply) {
    match reply {
        Reply::Done => {}
        Reply::DoneUnheard | Reply::Lost | Reply::Unsent => next.budget.losses -= 1,
        Reply::LoggedOut => {
            next.budget.logouts -= 1;
            next.runs[id].stage = Stage::Settling(Verdict::LoggedOut);
            return;
        }
    }
    let run = next.runs[id];
    let is_member = next.members[run.number] == Membership::In;
    let verdict = if !run.read.evidence && is_member && !next.is_leased_to(id) {
        Verdict::NotSent
    } else if !run.read.evidence && !is_member {
        // The metadata says so.
        Verdict::NotMember(tell(next, id))
    } else if !run.has_time {
        Verdict::NotSent
    } else {
        if !run.read.evidence {
            next.row = Some(run.generation);
            next.runs[id].read.evidence = true;
        }
        if reply == Reply::Unsent { Verdict::NotSent } else { send(next, id, reply) }
    };
    next.runs[id].stage = Stage::Settling(verdict);
}

fn send(next: &mut State, id: RunId, reply: Reply) -> Verdict {
    let run = next.runs[id];
    if next.session.is_none_or(|session| session.is_deleting) {
        next.broken.add(Promise::NothingIsSentWhileDeleting);
    }
    let is_member = next.members[run.number] == Membership::In;
    if is_member && reply != Reply::Lost {
        next.members[run.number] = Membership::OutByUs;
        next.ghost.credit[run.number] = Some(run.generation);
        next.ghost.owed[run.number] = Some(run.generation);
    }
    match reply {
        Reply::Done if is_member => Verdict::Confirmed,
        Reply::Done if run.read.earlier && run.read.evidence => Verdict::Recovered(tell(next, id)),
        Reply::Done => Verdict::NotMember(tell(next, id)),
        Reply::DoneUnheard | Reply::Lost => Verdict::Open,
        Reply::Unsent | Reply::LoggedOut => Verdict::NotSent,
    }
}

/// What is true when WhatsApp tells `id` that its number is not in the group. The
/// exception is that of [`crate::one_group::properties::nobody_can_tell`], within one
/// generation.
fn tell(state: &State, id: RunId) -> Told {
    let run = &state.runs[id];
    let own = Some(run.generation);
    let is_lost = |(other, lost): (RunId, &Run)| other != id && lost.ghost == own;
    if state.ghost.owed[run.number] == own {
        Told::Owed
    } else if state.members[run.number] == Membership::OutByOthers
        && state.row == own
        && state.runs.iter().enumerate().any(is_lost)
    {
        Told::Excused
    } else {
        Told::Plain
    }
}
