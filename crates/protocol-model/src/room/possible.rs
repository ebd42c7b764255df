//! What can happen next.

use super::state::{Action, Delivery, LAST, Order, RUNS, Reply, RunId, Stage, State};

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
    if let Some(lease) = state.lease
        && !lease.is_over
        && !state.runs[lease.run].is_active()
    {
        actions.push(Action::Expire(lease.run));
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
            actions.push(Action::Settle(id, Delivery::Answered));
            if may_lose && state.is_leased_to(id) {
                actions.push(Action::Settle(id, Delivery::ReplyLost));
                actions.push(Action::Settle(id, Delivery::RequestLost));
            }
        }
    }
    if state.budget.crashes > 0 {
        actions.push(Action::Crash(id));
    }
    if run.has_time {
        actions.push(Action::Expire(id));
    }
}
