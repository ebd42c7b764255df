//! How long an intent counts: from the last stanza that it covered, through blocks
//! and crashes, and no longer.
//!
//! # Bounds
//! One group by its JID; time in half days, five of them, of which an intent counts
//! two and a block lasts three; two workers; two runs, and the undisturbed one after
//! them; one of these may be for another group of the session. One crash; one
//! loss, which is a leave, WhatsApp's reply, or a call to DynamoDB before or
//! after it was applied; two refusals by WhatsApp, of the target or of the session;
//! one removal by somebody else; one rejoin. Any lease may run out at any moment.
//! It begins in the group or out of it, with a row. These are 736,638 states; with
//! three runs, on demand, 17 million.
//!
//! # What is coarser than the code
//! - Everything within one half day is one moment.
//! - Taking the lease and reading the row are one step, as are the check of the
//!   lease and the stanza, and a metadata query and the writing of its row.
//! - A target that is refused and found to be a group that we are in settles like
//!   any known outcome. It is left out: here a refused target could not be asked
//!   about any more.

pub mod action;
mod possible;
pub mod promises;
mod settle;
pub mod state;
mod step;

use stateright::{Model, Property};

use crate::group::Membership;
use crate::rules::Rules;
use action::Action;
pub use promises::Promise;
use state::{Budget, State};

/// A rule of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// An earlier run's intent is renewed for the stanza that it is to cover.
    Renewed,
    /// That is written before the stanza, not with the settling.
    RenewedBeforeStanza,
    /// The renewal is on condition that the lease is its own.
    RenewalFenced,
    /// The renewal changes nothing but the time: the intent stays the earlier
    /// run's.
    RenewalChangesTimeOnly,
    /// A run that knows that its stanza was not sent puts the time back.
    PutBackWhenNotSent,
    /// So does one whose target was refused by its own status.
    PutBackWhenRefused,
    /// One whose outcome is open does not.
    KeptWhenOpen,
    /// An intent that no longer counts is none: it does not make a recovered 200.
    IntentEnds,
    /// A run writes its own intent over one that no longer counts.
    EndedIntentReplaced,
    /// Settling a block lets open intents count from its end.
    BlockExtends,
    /// It leaves those that no longer count as they are.
    BlockSparesEnded,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Ages {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// How often the world may disturb.
    pub budget: Budget,
    /// Runs that share the disturbances.
    pub runs: usize,
}

impl Ages {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget =
        Budget { crashes: 1, losses: 1, refusals: 2, removals: 1, rejoins: 1 };

    /// The model under `rules`.
    pub const fn new(rules: Rules<Rule>) -> Self {
        Self { rules, budget: Self::BUDGET, runs: 2 }
    }
}

impl Model for Ages {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        [Membership::In, Membership::OutByOthers]
            .into_iter()
            .map(|membership| State::new(membership, self.budget))
            .collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.step(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Promise::ALL.iter().map(|promise| promise.property()).collect()
    }
}
