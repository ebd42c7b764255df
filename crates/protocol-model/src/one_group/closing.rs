//! One undisturbed run more, from any state in which nobody is at work.

use super::action::Action;
use super::state::{CLOSING, Stage, State, Verdict};
use super::{Protocol, Rule};
use crate::delivery::Delivery;
use crate::group::Identifier;
use crate::lease::RunId;

/// Where the undisturbed run ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    /// The state after it.
    pub(crate) state: State,
    /// Whether it answered 200 or 404.
    pub(crate) is_decided: bool,
}

impl Closed {
    /// No lease, no intent, and a row that agrees with the truth.
    pub(crate) fn is_clean(&self) -> bool {
        let table = &self.state.table;
        table.lease.is_none() && table.intent.is_none() && table.row == self.state.is_member()
    }
}

/// Lets the leases run out and one run go through, if all is quiet in `state`.
pub(crate) fn closing(model: &Protocol, state: &State) -> Option<Closed> {
    if !state.is_quiet() {
        return None;
    }
    let mut state = *state;
    if let Some(lease) = &mut state.table.lease {
        lease.expired = true;
    }
    let by = model.callers.identifiers().first().copied().unwrap_or(Identifier::Jid);
    let mut is_decided = false;
    while let Some(action) = undisturbed(model, &state, CLOSING, by) {
        is_decided |= matches!(
            state.runs[CLOSING].stage,
            Stage::Settling(Verdict::Confirmed | Verdict::Recovered(_) | Verdict::NotMember(_))
        );
        state = model.step(&state, action);
    }
    Some(Closed { state, is_decided })
}

/// The next step of a run to which nothing happens.
fn undisturbed(model: &Protocol, state: &State, id: RunId, by: Identifier) -> Option<Action> {
    let run = &state.runs[id];
    let action = match run.stage {
        Stage::Idle if by == Identifier::Jid && !model.rules.keep(Rule::RowReadUnderLease) => {
            Action::ReadRowEarly(id)
        }
        Stage::Idle | Stage::RowReadEarly => Action::Acquire(id, by),
        Stage::Leased if by == Identifier::Jid => Action::ReadRow(id),
        Stage::Leased | Stage::RowRead => Action::LogIn(id),
        Stage::Online => match run.by {
            Identifier::Jid => Action::AskMetadata(id),
            Identifier::Invite => Action::ResolveInvite(id, Delivery::Answered),
        },
        Stage::Member => Action::WriteRow(id, Delivery::Answered),
        Stage::Ready => Action::CheckLease(id),
        Stage::Checked => Action::Send(id),
        Stage::Sent if run.stanza == super::state::Stanza::InFlight => Action::Apply(id),
        Stage::Sent => Action::Receive(id),
        Stage::Settling(_) => Action::Settle(id, Delivery::Answered),
        Stage::TakingBack => Action::TakeBack(id),
        Stage::Done | Stage::Crashed => return None,
    };
    Some(action)
}
