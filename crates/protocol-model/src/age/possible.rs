//! What can happen next.

use super::action::{Action, Purpose};
use super::state::{LAST, RUNS, Stage, State};
use super::{Ages, Rule};
use crate::delivery::{Delivery, written};
use crate::lease::{self, RunId};

/// Runs that are worked on at the same time.
const WORKERS: usize = 2;

impl Ages {
    pub(super) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_over {
            return;
        }
        let is_free = lease::is_free(state.lease);
        let is_blocked = state.blocked_until.is_some_and(|until| until > state.now);
        let busy = state.runs.iter().filter(|run| run.is_active()).count();
        let next = state.runs[..self.runs].iter().position(|run| run.stage == Stage::Idle);
        if let Some(id) = next.filter(|_| is_free && !is_blocked && busy < WORKERS) {
            actions.push(Action::Acquire(id, Purpose::Leave));
            // It matters for the block that it may find.
            if state.budget.refusals > 0 {
                actions.push(Action::Acquire(id, Purpose::Else));
            }
        }
        for id in 0..RUNS {
            self.steps_of(state, id, actions);
        }
        world(state, actions);
        if state.is_quiet() {
            actions.push(Action::AskAgain);
        }
    }

    fn steps_of(&self, state: &State, id: RunId, actions: &mut Vec<Action>) {
        let run = &state.runs[id];
        let is_live = state.socket == Some(id);
        let may_lose = state.budget.losses > 0;
        let may_refuse = state.budget.refusals > 0;
        if is_live && run.in_flight {
            actions.push(Action::Apply(id));
        }
        match run.stage {
            Stage::Idle | Stage::Done => {}
            Stage::Leased => {
                actions.push(Action::LogIn(id));
                if may_refuse {
                    actions.push(Action::Ban(id));
                }
            }
            Stage::Online => {
                self.prepare(state, id, actions);
                if may_lose || !is_live {
                    actions.push(Action::Fail(id));
                }
            }
            Stage::Ready => {
                actions.push(Action::Send(id));
                if may_lose || !is_live {
                    actions.push(Action::Fail(id));
                }
            }
            Stage::Sent | Stage::Left | Stage::Absent(_) => {
                if is_live && run.in_flight && may_refuse {
                    if state.is_member() {
                        actions.push(Action::Refuse(id));
                    }
                    actions.push(Action::Throttle(id));
                }
                if is_live && may_refuse {
                    actions.push(Action::CutOff(id));
                }
                if run.stage != Stage::Sent {
                    actions.push(Action::Receive(id));
                }
                if may_lose || !is_live {
                    actions.push(Action::GiveUp(id));
                }
            }
            Stage::Settling(_) => fenced(state, id, true, actions, Action::Settle),
        }
        if state.budget.crashes > 0 && run.is_active() {
            actions.push(Action::Crash(id));
        }
        if run.has_time {
            actions.push(Action::Expire(id));
        }
    }

    fn prepare(&self, state: &State, id: RunId, actions: &mut Vec<Action>) {
        let writes = self.write_before_stanza(state, id).is_some();
        if !state.runs[id].read.evidence && state.socket != Some(id) {
            return;
        }
        if writes && !self.rules.keep(Rule::RenewalFenced) {
            actions.push(Action::Prepare(id, Delivery::Answered));
        } else {
            fenced(state, id, writes, actions, Action::Prepare);
        }
    }
}

/// A fenced write.
fn fenced(
    state: &State,
    id: RunId,
    writes: bool,
    actions: &mut Vec<Action>,
    action: fn(RunId, Delivery) -> Action,
) {
    let may_be_lost = writes && state.budget.losses > 0 && state.is_leased_to(id);
    written(may_be_lost, actions, |how| action(id, how));
}

fn world(state: &State, actions: &mut Vec<Action>) {
    let behind = lease::left_behind(state.lease, |run| state.runs[run].is_active());
    actions.extend(behind.map(Action::Expire));
    if state.is_member() && state.budget.removals > 0 {
        actions.push(Action::Remove);
    }
    if !state.is_member() && state.budget.rejoins > 0 {
        actions.push(Action::Rejoin);
    }
    if state.now < LAST {
        actions.push(Action::HalfDay);
    }
}
