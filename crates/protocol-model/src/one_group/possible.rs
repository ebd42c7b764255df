//! What can happen next.

use super::action::Action;
use super::state::{Owner, RUNS, Stage, Stanza, State, Sync, Verdict};
use super::{Limit, Protocol, Rule};
use crate::delivery::Delivery;
use crate::group::Identifier;
use crate::lease::RunId;

/// Runs that are worked on at the same time.
const WORKERS: usize = 2;

impl Protocol {
    pub(super) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        self.beginnings(state, actions);
        for run in 0..RUNS {
            self.steps_of(state, run, actions);
        }
        self.steps_of_sync(state, actions);
        self.world(state, actions);
    }

    fn beginnings(&self, state: &State, actions: &mut Vec<Action>) {
        let may_take = state.is_lease_free() || !self.rules.keep(Rule::HeldLeaseRefused);
        let early = !self.rules.keep(Rule::RowReadUnderLease);
        for (id, run) in state.runs[..RUNS].iter().enumerate() {
            if may_take && run.stage == Stage::RowReadEarly {
                actions.push(Action::Acquire(id, Identifier::Jid));
            }
        }
        let busy = state.runs.iter().filter(|run| run.is_active()).count();
        // Runs are alike until they begin, so they begin in order.
        let next = state.runs[..RUNS].iter().position(|run| run.stage == Stage::Idle);
        let Some(next) = next.filter(|_| busy < WORKERS) else {
            return;
        };
        for &by in self.callers.identifiers() {
            if early && by == Identifier::Jid {
                actions.push(Action::ReadRowEarly(next));
            } else if may_take {
                actions.push(Action::Acquire(next, by));
            }
        }
    }

    fn steps_of(&self, state: &State, id: RunId, actions: &mut Vec<Action>) {
        let run = &state.runs[id];
        let is_live = state.socket == Some(Owner::Run(id));
        let may_lose = state.budget.losses > 0;
        if is_live && run.stanza == Stanza::InFlight {
            actions.push(Action::Apply(id));
        }
        match run.stage {
            Stage::Idle | Stage::RowReadEarly | Stage::Done | Stage::Crashed => {}
            Stage::Leased => {
                actions.push(match run.by {
                    Identifier::Jid => Action::ReadRow(id),
                    Identifier::Invite => Action::LogIn(id),
                });
                if may_lose {
                    actions.push(Action::Fail(id));
                }
            }
            Stage::RowRead => {
                actions.push(Action::LogIn(id));
                if may_lose {
                    actions.push(Action::Fail(id));
                }
            }
            Stage::Online => {
                match run.by {
                    _ if !is_live => {}
                    Identifier::Jid => actions.push(Action::AskMetadata(id)),
                    // An earlier run's intent stands, and there is nothing to write.
                    Identifier::Invite if run.read.earlier => {
                        actions.push(Action::ResolveInvite(id, Delivery::Answered));
                    }
                    Identifier::Invite => {
                        self.write(state, id, actions, |how| Action::ResolveInvite(id, how));
                    }
                }
                if may_lose || !is_live {
                    actions.push(Action::Fail(id));
                }
            }
            Stage::Member => self.write(state, id, actions, |how| Action::WriteRow(id, how)),
            Stage::Ready => actions.push(Action::CheckLease(id)),
            Stage::Checked => actions.push(Action::Send(id)),
            Stage::Sent => {
                if matches!(run.stanza, Stanza::Left | Stanza::NotMember(_)) {
                    actions.push(Action::Receive(id));
                }
                if may_lose || !is_live {
                    actions.push(Action::GiveUp(id));
                }
            }
            Stage::Settling(_) => self.write(state, id, actions, |how| Action::Settle(id, how)),
            Stage::TakingBack => actions.push(Action::TakeBack(id)),
        }
        if state.budget.crashes > 0 && run.is_active() {
            actions.push(Action::Crash(id));
        }
        if run.has_time {
            actions.push(Action::Expire(Owner::Run(id)));
        }
    }

    /// A fenced write. Losing a write that would be refused changes nothing.
    fn write(
        &self,
        state: &State,
        id: RunId,
        actions: &mut Vec<Action>,
        action: impl Fn(Delivery) -> Action,
    ) {
        actions.push(action(Delivery::Answered));
        if state.budget.losses == 0 || !self.may_write(state, Owner::Run(id)) {
            return;
        }
        let run = &state.runs[id];
        let Stage::Settling(verdict) = run.stage else {
            actions.push(action(Delivery::ReplyLost));
            actions.push(action(Delivery::RequestLost));
            return;
        };
        actions.push(action(Delivery::RequestLost));
        // Only a recovered 200 depends on knowing that its settling was written.
        if matches!(verdict, Verdict::Recovered(_))
            || !self.rules.keep(Rule::ConfirmedWithoutSettling)
        {
            actions.push(action(Delivery::ReplyLost));
        }
    }

    fn steps_of_sync(&self, state: &State, actions: &mut Vec<Action>) {
        match state.sync {
            Sync::Idle => {
                if state.is_lease_free() || !self.rules.keep(Rule::SyncTakesLease) {
                    actions.push(Action::SyncTake);
                }
            }
            Sync::Taken { .. } => actions.push(Action::SyncLook),
            Sync::Looked { .. } => actions.push(Action::SyncWrite),
            Sync::Done => {}
        }
        if let Sync::Taken { has_time: true, .. } | Sync::Looked { has_time: true, .. } = state.sync
        {
            actions.push(Action::Expire(Owner::Sync));
        }
    }

    fn world(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(lease) = state.table.lease
            && !lease.expired
            && let Owner::Run(id) = lease.owner
            && !state.runs[id].is_active()
        {
            actions.push(Action::Expire(lease.owner));
        }
        if state.is_member() && state.budget.removals > 0 {
            actions.push(Action::Remove);
        }
        if !state.is_member() && state.budget.rejoins > 0 {
            actions.push(Action::Rejoin);
        }
        if state.budget.duplicates > 0 && state.table.lease.is_none() {
            for id in (0..RUNS).filter(|id| self.duplicate_gets_through(state, *id)) {
                actions.push(Action::Duplicate(id));
            }
        }
    }

    /// The session refuses the last owner. What it refuses changes nothing, so
    /// only duplicates that get through are steps.
    fn duplicate_gets_through(&self, state: &State, id: RunId) -> bool {
        let is_last = state.table.last_owner == Some(Owner::Run(id));
        let has_released = matches!(state.runs[id].stage, Stage::Done | Stage::TakingBack);
        if is_last {
            !self.rules.keep(Rule::LastOwnerRefused)
        } else {
            self.limit == Some(Limit::DuplicateAfterNextRelease) && has_released
        }
    }
}
