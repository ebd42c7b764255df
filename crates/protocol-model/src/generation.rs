//! A name that is used again: deleting, cut anywhere and run again, and linking
//! the same number or another one under the name, beside requests.
//!
//! # Bounds
//! One name, two numbers, one group; two requests at a time, with an
//! `Idempotency-Key` or without, and the undisturbed ones after them; two
//! deletions, each of which may stop anywhere; two links; one sync. One crash of
//! a run; one loss, which is a leave, WhatsApp's reply, or a settling before or
//! after it was applied; one logout; one removal by somebody else. Any lease may
//! run out at any moment. It begins with the first number linked, which is in the
//! group, with a row; the other number is in the group.
//!
//! | within these | states | |
//! |---|---|---|
//! | one deletion, two links, no logout | 1,367,855 | in every test run |
//! | two deletions, one link, no logout | 672,414 | in every test run |
//! | all | 6.0 million | on demand |
//!
//! # What is coarser than the code
//! - Taking the lease and reading the row and the kept answer are one step; so are
//!   the check of the lease, the stanza and WhatsApp's reply; so are a metadata
//!   query and the writing of its row; so is a sync.
//! - A link is one write. What precedes it changes nothing in the table.
//! - The history is one item, and so is what is kept for the key.

pub mod action;
mod delete;
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
    /// Linking another number gives a new generation.
    NewForAnotherNumber,
    /// Linking under a name that is being deleted gives one, whatever the number.
    NewWhileDeleting,
    /// The write that gives a new generation empties the intents.
    IntentsEmptied,
    /// A row of another generation is none.
    RowReadByGeneration,
    /// A kept answer of another generation is none.
    KeptReadByGeneration,
    /// Where an answer is put if there is none, one of another generation is none.
    OtherGenerationCountsAsNone,
    /// History of another generation is none.
    HistoryReadByGeneration,
    /// Tidying deletes an item on condition of the generation that it tidies.
    TidiedByGeneration,
    /// The session's item goes on condition of it too.
    EndedByGeneration,
    /// Tidying removes open intents, and their rows as well.
    OpenIntentsTidied,
    /// A deletion takes the lease to write its state.
    DeletionTakesLease,
    /// A link takes the lease.
    LinkTakesLease,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Generations {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// How often the world may disturb.
    pub budget: Budget,
}

impl Generations {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget =
        Budget { crashes: 1, losses: 1, logouts: 1, removals: 1, deletions: 2, links: 2, syncs: 1 };

    /// The model under `rules`.
    pub const fn new(rules: Rules<Rule>) -> Self {
        Self { rules, budget: Self::BUDGET }
    }
}

impl Model for Generations {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.budget)]
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
