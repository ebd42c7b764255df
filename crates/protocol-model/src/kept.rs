//! Answers kept for an `Idempotency-Key`: written once, final, and in the way of
//! nothing.
//!
//! # Bounds
//! Two groups; three requests with one key, each for the group that it likes, two
//! of them at a time, and the undisturbed ones after them, for both groups. One
//! crash; two losses, each a call to DynamoDB before or after it was applied, or a
//! leave or its reply; one refusal of a target, one logout, after which the device
//! is linked again; time in half days, two of which an answer is kept, three in
//! all. Any lease may run out at any moment. It begins in each group or out of it.
//!
//! These are 2.2 million states, on demand; with one loss, in every test run, 1.5
//! million.
//!
//! Under one lease and one fence, reading again leaves no run to which a keeping
//! could be refused, so two of the rules are second locks: [`Rule::WrittenOnce`] and
//! [`Rule::LosingStopsNothing`] show what they are for only where another rule fails
//! too.
//!
//! # What is coarser than the code
//! - Time, socket and stanza: from the check of the lease to WhatsApp's reply is one
//!   step. The other models have it in pieces.
//! - Nobody else removes us, so that a request without evidence is one for a group
//!   that we are not in.
//! - Row 13 is a final answer like the others, and is not told apart from row 14.

pub mod action;
mod possible;
pub mod promises;
pub mod state;
mod step;

use stateright::{Model, Property};

use crate::rules::Rules;
use action::Action;
pub use promises::Promise;
use state::{Budget, State};

/// A rule of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The kept answer is read again under the lease.
    ReadAgainUnderLease,
    /// It answers its own identifier only.
    IdentifierCompared,
    /// One past its end is not read.
    EndedIsNotRead,
    /// It is written on condition that there is none.
    WrittenOnce,
    /// One past its end counts as none there.
    EndedCountsAsNone,
    /// It is written in the very transaction that settles it.
    WrittenWithSettling,
    /// 422 is not kept.
    OtherRequestNotKept,
    /// Nor is what a retry may mend: rows 12 and 16 to 21.
    RetryableNotKept,
    /// A settling whose keeping loses is repeated without it.
    LosingStopsNothing,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// How often the world may disturb.
    pub budget: Budget,
}

impl Keeping {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget = Budget { crashes: 1, losses: 2, refusals: 1, logouts: 1 };

    /// The model under `rules`.
    pub const fn new(rules: Rules<Rule>) -> Self {
        Self { rules, budget: Self::BUDGET }
    }
}

impl Model for Keeping {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let pairs = [[true, true], [true, false], [false, true], [false, false]];
        pairs.into_iter().map(|members| State::new(members, self.budget)).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        possible::possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.step(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Promise::ALL.iter().map(|promise| promise.property()).collect()
    }
}
