//! Settling: what each verdict writes, what a block writes, and what is said then.

use super::action::Purpose;
use super::state::{BLOCK, Stage, State, Verdict};
use super::{Ages, Promise, Rule};
use crate::delivery::Delivery;
use crate::group::Told;
use crate::lease::RunId;

impl Ages {
    /// One fenced transaction, and the answer after it.
    pub(super) fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        let run = next.runs[id];
        let Stage::Settling(verdict) = run.stage else {
            return;
        };
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let had_credit = next.ghost.credit;
        let is_written = how != Delivery::RequestLost && next.is_leased_to(id);
        let is_known = is_written && how == Delivery::Answered;
        if is_written {
            next.lease = None;
            if run.purpose == Purpose::Leave {
                self.write_verdict(next, id, verdict);
            }
            if run.found_block {
                self.write_block(next);
            }
        }
        match verdict {
            Verdict::Confirmed => next.ghost.owed = None,
            Verdict::Recovered(told) if is_known => {
                if !had_credit && told != Told::Excused {
                    next.broken.add(Promise::SuccessIsEarned);
                }
                next.ghost.credit = false;
                next.ghost.owed = None;
            }
            Verdict::NotMember(told) if is_known => {
                if told == Told::Owed || !run.ghost.was_out {
                    next.broken.add(Promise::NotFoundIsTrue);
                }
            }
            Verdict::Recovered(_)
            | Verdict::NotMember(_)
            | Verdict::NotSent
            | Verdict::Refused
            | Verdict::Open => {}
        }
        next.runs[id].end();
    }

    fn write_verdict(&self, next: &mut State, id: RunId, verdict: Verdict) {
        let run = next.runs[id];
        let puts_back = match verdict {
            Verdict::Confirmed | Verdict::Recovered(_) | Verdict::NotMember(_) => {
                next.row = false;
                next.intent = None;
                for run in &mut next.runs {
                    run.ghost.open = None;
                }
                next.ghost.credit = false;
                next.ghost.owed = None;
                return;
            }
            Verdict::NotSent => self.rules.keep(Rule::PutBackWhenNotSent),
            Verdict::Refused => self.rules.keep(Rule::PutBackWhenRefused),
            Verdict::Open => {
                if let Some(intent) = &mut next.intent
                    && !self.rules.keep(Rule::RenewedBeforeStanza)
                {
                    intent.at = next.now;
                }
                !self.rules.keep(Rule::KeptWhenOpen)
            }
        };
        if let (Some(intent), Some(wrote), Some(shown)) =
            (&mut next.intent, run.wrote, run.read.shown)
            && puts_back
            && intent.at == wrote
        {
            intent.at = shown;
        }
        if verdict != Verdict::Open {
            next.intent = next.intent.filter(|intent| intent.by != id);
            next.runs[id].ghost.open = None;
        }
    }

    fn write_block(&self, next: &mut State) {
        let until = next.now + BLOCK;
        let seen = *next;
        if let Some(intent) = &mut next.intent {
            let is_open = seen.counts(intent.at) || !self.rules.keep(Rule::BlockSparesEnded);
            if is_open && self.rules.keep(Rule::BlockExtends) {
                intent.at = until;
            }
        }
        let open = next.runs.iter_mut().map(|run| &mut run.ghost.open);
        for at in open.chain([&mut next.ghost.owed]).flatten() {
            if seen.counts(*at) {
                *at = until;
            }
        }
        next.blocked_until = Some(until);
    }
}
