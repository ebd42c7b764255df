//! Room for intents: how many may stand, what makes room, and that settling never
//! hangs on tidying up.
//!
//! # Bounds
//! Four groups of one session, of which three are asked for, alone, in pairs and by
//! an invite; two open intents fit in place of 100, one ended intent is tidied at a
//! time in place of 40, and a settling can remove three in place of what fits 4 KB;
//! three runs, two at a time, and the undisturbed ones after them, for each group.
//! One crash; two losses, each a leave's reply, a leave, or a settling before or
//! after it was applied; time in half days, two of which an intent counts, two in
//! all. Any lease may run out at any moment. It begins with no intent; with as many
//! open ones as fit; with an open and an ended one; and with four ended ones, as
//! a session has that was in use before there was a bound.
//!
//! These are 4.7 million states, on demand; without a crash and with one loss, in
//! every test run, 1,384,347.
//!
//! # What is coarser than the code
//! - From the renewal of the intents to WhatsApp's reply is one step. The other
//!   models have it in pieces.
//! - Nobody else removes us.
//! - An ended intent takes room until it is tidied, so the bound is exact, and a
//!   session with very many of them may have to be asked again. In the code those
//!   that are left after tidying take none: nobody is asked again, and a run that
//!   writes its own over one of them while another waits for the lease may make
//!   some too many. Nothing rests on the exact number.

pub mod action;
mod admit;
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
    /// Taking the lease is refused where its new intents might not fit.
    RoomChecked,
    /// Taken the second way, it is refused where more intents stand than were seen.
    RoomCheckedAgain,
    /// A group that has an intent passes, however many stand.
    StandingPass,
    /// Ended intents are removed to make room.
    EndedMakeRoom,
    /// Only these are.
    OpenSpared,
    /// Each on condition of the time that was read.
    RemovedByTime,
    /// An invite's intent needs room too.
    InviteCounted,
    /// A settling tidies up to a bound.
    TidyingBounded,
    /// It does not depend on what it tidies.
    SettlingNeedsNoTidying,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// How often the world may disturb.
    pub budget: Budget,
}

impl Rooms {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget = Budget { crashes: 1, losses: 2 };

    /// The model under `rules`.
    pub const fn new(rules: Rules<Rule>) -> Self {
        Self { rules, budget: Self::BUDGET }
    }
}

impl Model for Rooms {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        State::beginnings(self.budget)
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
