//! What can happen next.

use super::action::{Action, Order, Reply};
use super::state::{LAST, RUNS, Stage, State};
use crate::delivery::written;
use crate::lease::{self, RunId};

/// Runs that are worked on at the same time.
const WORKERS: usize = 2;

/// What may be asked for.
const ORDERS: [Order; 4] =
    [Order::Jids(&[0]), Order::Jids(&[2]), Order::Jids(&[0, 1]), Order::Invite(2)];

pub(super) fn possible(state: &State, actions: &mut Vec<Action>) {
    if state.is_over {
        return;
    }
    let busy = state.runs.iter().filter(|run| run.is_active()).count();
    let next = state.runs[..RUNS].iter().position(|run| run.stage == Stage::Idle);
    if let Some(id) = next.filter(|_| state.is_lease_free() && busy < WORKERS) {
        actions.extend(ORDERS.map(|order| Action::Acquire(id, order)));
    }
    for id in 0..RUNS {
        steps_of(state, id, actions);
    }
    let behind = lease::left_behind(state.lease, |run| state.runs[run].is_active());
    actions.extend(behind.map(Action::Expire));
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
        Stage::Full => actions.push(Action::MakeRoom(id)),
        Stage::Narrowed { .. } => {
            if state.is_lease_free() {
                actions.push(Action::AcquireAgain(id));
            }
        }
        Stage::Leased if run.invite.is_some() => actions.push(Action::Resolve(id)),
        Stage::Leased => {
            actions.push(Action::Leave(id, Reply::Done));
            if may_lose && run.has_time {
                actions.push(Action::Leave(id, Reply::DoneUnheard));
                actions.push(Action::Leave(id, Reply::Unsent));
            }
        }
        Stage::Settling => {
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
