//! What can happen next.

use super::Batches;
use super::action::Action;
use super::stanza::sent_groups;
use super::state::{GROUPS, RUNS, Slot, Stage, State};
use crate::delivery::{Delivery, written};
use crate::group::Identifier;
use crate::lease::{self, RunId};

/// Runs that are worked on at the same time.
const WORKERS: usize = 2;

impl Batches {
    pub(super) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_over {
            return;
        }
        self.beginnings(state, actions);
        for id in 0..RUNS {
            steps_of(state, id, actions);
        }
        self.world(state, actions);
        if state.is_quiet() {
            actions.push(Action::AskAgain);
        }
    }

    fn beginnings(&self, state: &State, actions: &mut Vec<Action>) {
        let is_free = lease::is_free(state.lease);
        let busy = state.runs.iter().filter(|run| run.is_active()).count();
        if !is_free || busy >= WORKERS {
            return;
        }
        for id in self.next_runs(state).into_iter().flatten() {
            for &order in self.scene.orders {
                actions.push(Action::Acquire(id, order));
            }
        }
    }

    /// Runs that are alike begin in order. A command's second run begins when the
    /// first is done, and whoever comes in between is another caller's.
    fn next_runs(&self, state: &State) -> [Option<RunId>; 2] {
        let is_idle = |id: RunId| state.runs[id].stage == Stage::Idle;
        if !self.is_cut() {
            return [(0..self.scene.runs).find(|id| is_idle(*id)), None];
        }
        let first_is_done = state.runs[0].stage == Stage::Done;
        let command =
            if is_idle(0) { Some(0) } else { Some(1).filter(|id| is_idle(*id) && first_is_done) };
        [command, Some(2).filter(|id| is_idle(*id))]
    }

    /// Whether the first two runs are one command's.
    pub(super) fn is_cut(&self) -> bool {
        self.scene.runs > 2
    }

    fn world(&self, state: &State, actions: &mut Vec<Action>) {
        let behind = lease::left_behind(state.lease, |run| state.runs[run].is_active());
        actions.extend(behind.map(Action::Expire));
        for (id, group) in state.groups.iter().enumerate() {
            if !self.is_named(id) {
                continue;
            }
            if group.is_member() && state.budget.removals > 0 {
                actions.push(Action::Remove(id));
            }
            if !group.is_member() && state.budget.rejoins > 0 {
                actions.push(Action::Rejoin(id));
            }
        }
    }

    fn is_named(&self, group: usize) -> bool {
        self.scene.orders.iter().any(|order| order.iter().any(|target| target.group == group))
    }
}

fn steps_of(state: &State, id: RunId, actions: &mut Vec<Action>) {
    let run = &state.runs[id];
    let is_live = state.socket == Some(id);
    let may_lose = state.budget.losses > 0;
    if is_live && run.flight.contains(&true) {
        actions.push(Action::Apply(id));
    }
    match run.stage {
        Stage::Idle | Stage::Done | Stage::Crashed => {}
        Stage::Leased => {
            actions.push(Action::LogIn(id));
            if may_lose {
                actions.push(Action::LoginFails(id));
            }
        }
        Stage::Online => match next_query(state, id) {
            Some(writes) => {
                if is_live {
                    fenced(state, id, writes, actions, Action::Resolve);
                }
                if may_lose {
                    actions.push(Action::QueryLost(id));
                }
                if may_lose || !is_live {
                    actions.push(Action::ConnectionFails(id));
                }
            }
            None => actions.push(Action::Send(id)),
        },
        Stage::Sent => {
            if !run.slots.contains(&Slot::Sent) {
                actions.push(Action::Receive(id));
                if may_lose && sent_groups(state, id).into_iter().all(|is_sent| is_sent) {
                    actions.extend((0..GROUPS).map(|group| Action::ReceiveWithout(id, group)));
                }
            }
            if may_lose {
                actions.push(Action::GiveUp(id));
            }
            if may_lose || !is_live {
                actions.push(Action::ReplyFails(id));
            }
        }
        Stage::Settling => fenced(state, id, true, actions, Action::Settle),
    }
    if state.budget.crashes > 0 && run.is_active() {
        actions.push(Action::Crash(id));
    }
    if run.has_time {
        actions.push(Action::Expire(id));
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

/// The next target that needs a query, and whether its answer makes a write.
fn next_query(state: &State, id: RunId) -> Option<bool> {
    let run = &state.runs[id];
    let (target, _) = run.each().find(|(_, slot)| *slot == Slot::Waiting)?;
    Some(match target.by {
        Identifier::Jid => state.groups[target.group].is_member(),
        Identifier::Invite => state.groups[target.group].intent.is_none(),
    })
}
