//! What each step does.

use super::action::Action;
use super::promises::Promise;
use super::state::{Lease, Owner, Stage, Stanza, State, Sync, Verdict};
use super::{Protocol, Rule};
use crate::delivery::Delivery;
use crate::group::{Identifier, Membership, Told};
use crate::lease::RunId;

impl Protocol {
    pub(super) fn step(&self, state: &State, action: Action) -> State {
        let mut next = *state;
        match action {
            Action::ReadRowEarly(id) => {
                next.runs[id].read.evidence = next.table.row;
                next.runs[id].stage = Stage::RowReadEarly;
            }
            Action::Acquire(id, by) => self.acquire(&mut next, id, by),
            Action::ReadRow(id) => {
                next.runs[id].read.evidence = next.table.row;
                next.runs[id].stage = Stage::RowRead;
            }
            Action::LogIn(id) => {
                next.log_in(Owner::Run(id));
                let run = &mut next.runs[id];
                let is_known = run.by == Identifier::Jid && run.read.evidence;
                run.stage = if is_known { Stage::Ready } else { Stage::Online };
            }
            Action::AskMetadata(id) => self.ask_metadata(&mut next, id),
            Action::WriteRow(id, how) => self.write_row(&mut next, id, how),
            Action::ResolveInvite(id, how) => self.resolve_invite(&mut next, id, how),
            Action::CheckLease(id) => {
                let run = &mut next.runs[id];
                let may_send = run.has_time || !self.rules.keep(Rule::LeaseCheckedBeforeStanza);
                run.stage =
                    if may_send { Stage::Checked } else { Stage::Settling(Verdict::NotSent) };
            }
            Action::Send(id) => {
                if next.socket == Some(Owner::Run(id)) {
                    next.runs[id].stanza = Stanza::InFlight;
                    next.runs[id].stage = Stage::Sent;
                } else {
                    next.runs[id].stage = Stage::Settling(Verdict::Unconfirmed);
                }
            }
            Action::Apply(id) => Self::apply(&mut next, id),
            Action::Receive(id) => {
                let verdict = match next.runs[id].stanza {
                    Stanza::Left => Verdict::Confirmed,
                    Stanza::NotMember(told) => self.absent(&next, id, told),
                    Stanza::None | Stanza::InFlight => Verdict::Unconfirmed,
                };
                next.runs[id].stanza = Stanza::None;
                next.runs[id].stage = Stage::Settling(verdict);
            }
            Action::GiveUp(id) => {
                if next.socket == Some(Owner::Run(id)) {
                    next.budget.losses -= 1;
                }
                let run = &mut next.runs[id];
                if run.stanza != Stanza::InFlight {
                    run.stanza = Stanza::None;
                }
                run.stage = Stage::Settling(Verdict::Unconfirmed);
            }
            Action::Fail(id) => {
                let was_replaced =
                    next.runs[id].stage == Stage::Online && next.socket != Some(Owner::Run(id));
                if !was_replaced {
                    next.budget.losses -= 1;
                }
                next.runs[id].stage = Stage::Settling(Verdict::NotSent);
            }
            Action::Settle(id, how) => self.settle(&mut next, id, how),
            Action::TakeBack(id) => {
                // On condition that the intent is its own: the fence went with the lease.
                if next.table.intent == Some(id) {
                    next.table.intent = None;
                }
                next.runs[id].ghost.open = false;
                next.runs[id].end(Stage::Done);
            }
            Action::Crash(id) => {
                next.budget.crashes -= 1;
                next.runs[id].end(Stage::Crashed);
            }
            Action::Expire(owner) => expire(&mut next, owner),
            Action::Duplicate(id) => {
                next.budget.duplicates -= 1;
                next.table.lease = Some(Lease { owner: Owner::Run(id), expired: false });
                next.table.intent = next.table.intent.or(Some(id));
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
            Action::SyncTake => self.sync_take(&mut next),
            Action::SyncLook => {
                next.log_in(Owner::Sync);
                if let Sync::Taken { open_intent, has_time } = next.sync {
                    let member = next.is_member();
                    next.sync = Sync::Looked { open_intent, member, has_time };
                }
            }
            Action::SyncWrite => self.sync_write(&mut next),
        }
        next
    }

    /// WhatsApp applies a leave.
    fn apply(next: &mut State, id: RunId) {
        let reply = if next.is_member() {
            next.leave_group(Membership::OutByUs);
            next.ghost.credit = true;
            next.ghost.owed = next.runs[id].read.evidence.then_some(id);
            Stanza::Left
        } else {
            Stanza::NotMember(Self::tell(next, id))
        };
        let is_awaited = next.runs[id].stage == Stage::Sent;
        next.runs[id].stanza = if is_awaited { reply } else { Stanza::None };
    }

    /// Whether the fence lets `owner` write.
    pub(crate) fn may_write(&self, state: &State, owner: Owner) -> bool {
        state.is_leased_to(owner) || !self.rules.keep(Rule::Fence)
    }

    fn acquire(&self, next: &mut State, id: RunId, by: Identifier) {
        next.table.lease = Some(Lease { owner: Owner::Run(id), expired: false });
        let is_member = next.is_member();
        if by == Identifier::Jid && self.rules.keep(Rule::IntentBeforeStanza) {
            self.intend(next, id);
        }
        let earlier = next.table.intent.is_some_and(|by| by != id);
        let run = &mut next.runs[id];
        run.stage = if run.stage == Stage::RowReadEarly { Stage::RowRead } else { Stage::Leased };
        run.by = by;
        run.has_time = true;
        run.read.earlier = earlier;
        run.ghost.was_out = !is_member;
    }

    fn intend(&self, next: &mut State, id: RunId) {
        let earlier = next.table.intent.filter(|_| self.rules.keep(Rule::IntentKept));
        next.table.intent = earlier.or(Some(id));
        next.runs[id].ghost.open = true;
    }

    fn ask_metadata(&self, next: &mut State, id: RunId) {
        if !next.is_member() {
            let verdict = self.absent(next, id, Self::tell(next, id));
            next.runs[id].stage = Stage::Settling(verdict);
        } else if self.rules.keep(Rule::RowWrittenBeforeStanza) {
            next.runs[id].stage = Stage::Member;
        } else {
            next.runs[id].read.evidence = true;
            next.runs[id].stage = Stage::Ready;
        }
    }

    fn write_row(&self, next: &mut State, id: RunId, how: Delivery) {
        let written = self.fenced(next, id, how);
        if written {
            next.table.row = true;
        }
        let run = &mut next.runs[id];
        if written && how == Delivery::Answered {
            run.read.evidence = true;
            run.stage = Stage::Ready;
        } else {
            run.stage = Stage::Settling(Verdict::NotSent);
        }
    }

    /// The row is read and the intent written side by side. An earlier run's
    /// intent stands already.
    fn resolve_invite(&self, next: &mut State, id: RunId, how: Delivery) {
        next.runs[id].read.evidence = next.table.row;
        let stands = if next.runs[id].read.earlier {
            next.runs[id].ghost.open = true;
            true
        } else if !self.rules.keep(Rule::IntentBeforeStanza) {
            true
        } else {
            let written = self.fenced(next, id, how);
            if written {
                self.intend(next, id);
            }
            written && how == Delivery::Answered
        };
        next.runs[id].stage = if stands { Stage::Ready } else { Stage::Settling(Verdict::NotSent) };
    }

    /// Whether a write under the fence is applied; counts what gets lost.
    fn fenced(&self, next: &mut State, id: RunId, how: Delivery) -> bool {
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let written = how != Delivery::RequestLost && self.may_write(next, Owner::Run(id));
        if written && !next.is_leased_to(Owner::Run(id)) {
            next.ghost.broken.add(Promise::FencedOffWritesNothing);
        }
        written
    }

    /// We are not in the group: whose act was it, as far as the notes tell?
    fn absent(&self, state: &State, id: RunId, told: Told) -> Verdict {
        let read = state.runs[id].read;
        let attempted = read.earlier || !self.rules.keep(Rule::RecoveryNeedsIntent);
        let evidence = read.evidence || !self.rules.keep(Rule::RecoveryNeedsRow);
        if attempted && evidence { Verdict::Recovered(told) } else { Verdict::NotMember(told) }
    }

    /// One fenced transaction, and the answer after it. A crash between the two
    /// is a lost answer to a settled leave, and nothing in the table can know it.
    fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        let Stage::Settling(verdict) = next.runs[id].stage else {
            return;
        };
        let has_credit = next.ghost.credit;
        let was_out = next.runs[id].ghost.was_out;
        let written = self.fenced(next, id, how);
        if written {
            self.write_settlement(next, id, verdict);
        }
        let knows = written && how == Delivery::Answered;
        match verdict {
            Verdict::Confirmed => {
                if knows || self.rules.keep(Rule::ConfirmedWithoutSettling) {
                    next.ghost.owed = None;
                } else {
                    next.ghost.broken.add(Promise::NoSuccessIsLost);
                }
            }
            Verdict::Recovered(told) => {
                if knows || !self.rules.keep(Rule::RecoveredOnlyWhenSettled) {
                    if !has_credit && told != Told::Excused {
                        next.ghost.broken.add(Promise::SuccessIsEarned);
                    }
                    next.ghost.credit = false;
                    next.ghost.owed = None;
                }
            }
            Verdict::NotMember(told) => {
                let is_spoken = knows || !self.rules.keep(Rule::DeniedOnlyWhenSettled);
                if is_spoken && (told == Told::Owed || !was_out) {
                    next.ghost.broken.add(Promise::NotFoundIsTrue);
                }
            }
            Verdict::NotSent | Verdict::Unconfirmed => {}
        }
        let takes_back_late =
            verdict == Verdict::NotSent && written && !self.rules.keep(Rule::TakenBackWithRelease);
        if takes_back_late {
            next.runs[id].has_time = false;
            next.runs[id].stage = Stage::TakingBack;
        } else {
            next.runs[id].end(Stage::Done);
        }
    }

    fn write_settlement(&self, next: &mut State, id: RunId, verdict: Verdict) {
        next.release(Owner::Run(id));
        match verdict {
            Verdict::Confirmed | Verdict::Recovered(_) | Verdict::NotMember(_) => {
                next.table.row = false;
                if next.table.intent == Some(id) || self.rules.keep(Rule::SettlingEndsEveryIntent) {
                    next.table.intent = None;
                }
                for run in &mut next.runs {
                    run.ghost.open = false;
                }
                next.ghost.credit = false;
                if self.limit != Some(super::Limit::AnswerLostAfterSettling) {
                    next.ghost.owed = None;
                }
            }
            Verdict::NotSent => {
                let is_own = next.table.intent == Some(id);
                let is_ended = if is_own {
                    self.rules.keep(Rule::UnsentIntentTakenBack)
                        && self.rules.keep(Rule::TakenBackWithRelease)
                } else {
                    !self.rules.keep(Rule::EarlierIntentLeftAlone)
                };
                if is_ended {
                    next.table.intent = None;
                }
                if self.rules.keep(Rule::TakenBackWithRelease) {
                    next.runs[id].ghost.open = false;
                }
            }
            Verdict::Unconfirmed => {
                if !self.rules.keep(Rule::IntentBeforeStanza) {
                    self.intend(next, id);
                }
            }
        }
    }

    fn sync_take(&self, next: &mut State) {
        let has_time = self.rules.keep(Rule::SyncTakesLease);
        if has_time {
            next.table.lease = Some(Lease { owner: Owner::Sync, expired: false });
        }
        next.sync = Sync::Taken { open_intent: next.table.intent.is_some(), has_time };
    }

    fn sync_write(&self, next: &mut State) {
        let Sync::Looked { open_intent, member, .. } = next.sync else {
            return;
        };
        next.sync = Sync::Done;
        let takes_lease = self.rules.keep(Rule::SyncTakesLease);
        if takes_lease && !self.may_write(next, Owner::Sync) {
            return;
        }
        if takes_lease {
            if !next.is_leased_to(Owner::Sync) {
                next.ghost.broken.add(Promise::FencedOffWritesNothing);
            }
            next.release(Owner::Sync);
        }
        if !open_intent || !self.rules.keep(Rule::SyncSparesOpenIntents) {
            next.table.row = member;
        }
    }
}

fn expire(next: &mut State, owner: Owner) {
    match owner {
        Owner::Run(id) => next.runs[id].has_time = false,
        Owner::Sync => {
            if let Sync::Taken { has_time, .. } | Sync::Looked { has_time, .. } = &mut next.sync {
                *has_time = false;
            }
        }
    }
    if let Some(lease) = next.table.lease.as_mut().filter(|lease| lease.owner == owner) {
        lease.expired = true;
    }
}
