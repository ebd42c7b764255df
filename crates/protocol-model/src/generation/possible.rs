//! What can happen next.

use super::action::{Action, Reply};
use super::state::{NUMBERS, RUNS, Stage, State};
use super::{Generations, Rule};
use crate::delivery::written;
use crate::group::Membership;
use crate::lease::{self, RunId};

impl Generations {
    pub(super) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_over {
            return;
        }
        let next = state.runs[..RUNS].iter().position(|run| run.stage == Stage::Idle);
        let may_acquire =
            state.free().is_some_and(|session| !session.is_deleting && !session.is_logged_out);
        if let Some(id) = next.filter(|_| may_acquire) {
            actions.extend([true, false].map(|has_key| Action::Acquire(id, has_key)));
        }
        for id in 0..RUNS {
            steps_of(state, id, actions);
        }
        let behind = lease::left_behind(state.session.and_then(|session| session.lease), |run| {
            state.runs[run].is_active()
        });
        actions.extend(behind.map(Action::Expire));
        self.operators(state, actions);
        for (number, membership) in state.members.iter().enumerate() {
            if *membership == Membership::In && state.budget.removals > 0 {
                actions.push(Action::Remove(number));
            }
        }
        if state.is_quiet() {
            actions.push(Action::AskAgain);
        }
    }

    fn operators(&self, state: &State, actions: &mut Vec<Action>) {
        let is_free = state.free().is_some();
        let may_delete = is_free || !self.rules.keep(Rule::DeletionTakesLease);
        let has_session = state.session.is_some();
        if state.budget.deletions > 0 && state.deletion.is_none() && has_session && may_delete {
            actions.push(Action::Delete);
        }
        if state.deletion.is_some() {
            actions.extend([Action::Tidy, Action::Cut]);
        }
        let may_link = is_free || !has_session || !self.rules.keep(Rule::LinkTakesLease);
        if state.budget.links > 0 && may_link {
            actions.extend((0..NUMBERS).map(Action::Link));
        }
        let may_sync = state.free().is_some_and(|session| !session.is_deleting);
        if state.budget.syncs > 0 && may_sync {
            actions.push(Action::Sync);
        }
    }
}

fn steps_of(state: &State, id: RunId, actions: &mut Vec<Action>) {
    let run = &state.runs[id];
    let may_lose = state.budget.losses > 0;
    match run.stage {
        Stage::Idle | Stage::Done => return,
        Stage::Leased => {
            actions.push(Action::Leave(id, Reply::Done));
            if may_lose {
                actions.push(Action::Leave(id, Reply::DoneUnheard));
                actions.push(Action::Leave(id, Reply::Lost));
                actions.push(Action::Leave(id, Reply::Unsent));
            }
            if state.budget.logouts > 0 {
                actions.push(Action::Leave(id, Reply::LoggedOut));
            }
        }
        Stage::Settling(_) => {
            let may_be_lost = may_lose && state.is_leased_to(id);
            written(may_be_lost, actions, |how| Action::Settle(id, how));
        }
    }
    if state.budget.crashes > 0 {
        actions.push(Action::Crash(id));
    }
    if run.has_time {
        actions.push(Action::Expire(id));
    }
}
