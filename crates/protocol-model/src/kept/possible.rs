//! What can happen next.

use super::action::{Action, Reply};
use super::state::{GROUPS, LAST, RUNS, Stage, State};
use crate::delivery::written;
use crate::lease::{self, RunId};

/// Requests that are worked on at the same time.
const WORKERS: usize = 2;

pub(super) fn possible(state: &State, actions: &mut Vec<Action>) {
    if state.is_over {
        return;
    }
    let busy = state.runs.iter().filter(|run| run.is_active()).count();
    let next = state.runs[..RUNS].iter().position(|run| run.stage == Stage::Idle);
    if let Some(id) = next.filter(|_| busy < WORKERS) {
        actions.extend((0..GROUPS).map(|group| Action::Begin(id, group)));
    }
    for id in 0..RUNS {
        steps_of(state, id, actions);
    }
    let behind = lease::left_behind(state.lease, |run| state.runs[run].is_active());
    actions.extend(behind.map(Action::Expire));
    if !state.is_connected {
        actions.push(Action::Relink);
    }
    if state.now < LAST {
        actions.push(Action::HalfDay);
    }
    if state.is_quiet() {
        actions.push(Action::AskAgain);
    }
}

fn steps_of(state: &State, id: RunId, actions: &mut Vec<Action>) {
    let run = &state.runs[id];
    let may_lose = state.budget.losses > 0;
    match run.stage {
        Stage::Idle | Stage::Done => return,
        Stage::Waiting => {
            if lease::is_free(state.lease) {
                actions.push(Action::Acquire(id));
            }
        }
        Stage::Leased => actions.push(Action::ReadAgain(id)),
        Stage::Ready => {
            actions.push(Action::Leave(id, Reply::Done));
            if may_lose && run.has_time {
                actions.push(Action::Leave(id, Reply::DoneUnheard));
                actions.push(Action::Leave(id, Reply::Lost));
                actions.push(Action::Leave(id, Reply::Failed));
            }
            if state.budget.refusals > 0 && run.has_time && state.groups[run.group].is_member {
                actions.push(Action::Leave(id, Reply::Refused));
            }
            if state.budget.logouts > 0 && run.has_time {
                actions.push(Action::Leave(id, Reply::LoggedOut));
            }
        }
        Stage::Settling(_) => {
            let may_be_lost = may_lose && state.is_leased_to(id);
            written(may_be_lost, actions, |how| Action::Settle(id, how));
        }
        Stage::Keeping(_) => actions.push(Action::Keep(id)),
    }
    if state.budget.crashes > 0 {
        actions.push(Action::Crash(id));
    }
    if run.has_time {
        actions.push(Action::Expire(id));
    }
}
