//! The protocol of lease, intent, evidence, leave and settling, as a model whose
//! every state can be visited. What it models in words: `docs/truth.md` and
//! `docs/lease.md`.
//!
//! | module | what it is |
//! |---|---|
//! | [`rules`] | the rules, each of which can be broken on its own |
//! | [`state`] | what everybody knows, and what only the properties know |
//! | [`actions`] | what can happen next |
//! | `step` | what each step does |
//! | [`closing`] | one undisturbed run more, when all is quiet |
//! | [`properties`] | what is promised, and the exception |

pub mod actions;
pub mod closing;
pub mod properties;
pub mod rules;
pub mod state;
mod step;

use stateright::{Model, Property};

use actions::Action;
use properties::Promise;
use rules::Rules;
use state::{Budget, Identifier, Membership, State};

/// How the callers name the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// All by its JID.
    Jid,
    /// All by an invite.
    Invite,
    /// Each as it likes.
    Either,
}

impl Callers {
    /// What a caller may choose from.
    pub fn identifiers(self) -> &'static [Identifier] {
        match self {
            Self::Jid => &[Identifier::Jid],
            Self::Invite => &[Identifier::Invite],
            Self::Either => &[Identifier::Jid, Identifier::Invite],
        }
    }
}

/// Something that the protocol is known not to withstand. It is left out of the
/// model unless named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The session remembers one last owner, so a duplicate of an acquire that
    /// arrives after the next run's release as well takes a ghost lease.
    DuplicateAfterNextRelease,
    /// A 200 whose settling was written and whose answer was then lost uses up
    /// the notes: the retry hears 404.
    AnswerLostAfterSettling,
    /// A run that froze at its login and was taken over logs in late, hears from
    /// the metadata that we are out by the other run's leave, and says 404.
    LateRunDenies,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// The rules that are kept.
    pub rules: Rules,
    /// How the callers name the group.
    pub callers: Callers,
    /// How often the world may disturb.
    pub budget: Budget,
    /// A known limit that is crossed.
    pub limit: Option<Limit>,
}

impl Protocol {
    /// The bounds of the crate's documentation.
    pub const BUDGET: Budget =
        Budget { crashes: 2, losses: 2, removals: 1, rejoins: 1, duplicates: 1 };

    /// The protocol under `rules`.
    pub const fn new(rules: Rules, callers: Callers) -> Self {
        Self { rules, callers, budget: Self::BUDGET, limit: None }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        [Membership::In, Membership::OutByOthers]
            .into_iter()
            .flat_map(|membership| {
                [true, false].map(|row| State::new(membership, row, self.budget))
            })
            .collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.step(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Promise::ALL.map(Promise::property).to_vec()
    }
}
