//! Several targets in one run, a group that is named twice, a community, and a
//! command that is cut into two runs: what each verdict may settle.
//!
//! # Bounds
//! Two groups, alike or a community and its linked group; two requests at the same
//! time, of up to two targets each, and the undisturbed ones after them, which ask
//! for every group again; a third run where a command is cut. One crash; two
//! losses, each a login, a query's answer, WhatsApp's reply or a part of it, a connection,
//! or a call to DynamoDB before or after it was applied; one removal by somebody
//! else. Any lease may run out at any moment. It begins in each group or out of it,
//! with a row or without.
//!
//! | scene | states | with a rejoin, on demand |
//! |---|---|---|
//! | [`Scene::APART`] | 365,176 | 1.6 million |
//! | [`Scene::TWICE`] | 301,026 | 1.2 million |
//! | [`Scene::COMMUNITY`] | 754,366 | 3.5 million |
//! | [`Scene::CUT`] | 810,419 | 3.3 million |
//!
//! # What is coarser than the code
//! - Taking the lease and reading the rows are one step, as are a query and the
//!   writing of its row, and the check of the lease and the stanza: the model of
//!   one group has them apart.
//! - A crash between the two runs of a command loses the answer to what the first
//!   one settled, as [`crate::one_group::Limit::AnswerLostAfterSettling`].
//! - A command is cut after one target, in place of 40. Its second run asks again for
//!   what the first one knows already, which the code does not: no promise rests
//!   on that.
//! - A community is left by its row, like a group; the code asks for its metadata.
//! - Refusals and throttling are left out, as is a community's second try.

pub mod action;
mod possible;
pub mod promises;
mod stanza;
pub mod state;
mod step;
mod verdict;

use stateright::{Model, Property};

use crate::rules::Rules;
use action::{Action, Order, Target};
pub use promises::Promise;
use state::{Budget, State};

/// A rule of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A connection that failed is spent: what is given to it afterwards was not
    /// sent, and the run's own intent for it is taken back.
    FailedConnectionIsSpent,
    /// In one run a group has one verdict, however often it was named.
    OneVerdictInOneRun,
    /// Of several verdicts of a run, WhatsApp's own 200 wins.
    ConfirmedWins,
    /// Of the others, the open one does.
    OpenWins,
    /// A community's settling leaves the intents of linked groups alone where
    /// they are open.
    LinkedIntentSpared,
    /// It leaves their rows alone too.
    LinkedRowSpared,
    /// The same for a linked group that this very run has left open.
    LinkedTargetSpared,
    /// Each run of a command has an owner of its own, so that its intents are an
    /// earlier run's to the next.
    OwnerForEachRun,
    /// The runs of one command say the same of one group.
    OneVerdictInOneCommand,
    /// There, a 200 that one of them settled wins: it has used the notes up.
    SettledSuccessWins,
}

/// What is asked for, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// What a request may ask for.
    pub orders: &'static [Order],
    /// What is asked for in the end, undisturbed, one after the other; for each
    /// plan.
    pub closings: &'static [&'static [Order]],
    /// Group 1 is the community to which group 0 belongs.
    pub is_community: bool,
    /// Runs that share the disturbances. Where there are three, the first two are
    /// one command's.
    pub runs: usize,
}

const A: Target = Target::jid(0);
const B: Target = Target::jid(1);
const A_BY_INVITE: Target = Target::invite(0);

impl Scene {
    /// Two groups that have nothing to do with each other.
    pub const APART: Self = Self {
        orders: &[&[A], &[A, B]],
        closings: &[&[&[A], &[B]], &[&[A, B]]],
        is_community: false,
        runs: 2,
    };
    /// One group, named twice, as JID and as invite.
    pub const TWICE: Self = Self {
        orders: &[&[A], &[A, A], &[A, A_BY_INVITE], &[A_BY_INVITE, A]],
        closings: &[&[&[A]]],
        is_community: false,
        runs: 2,
    };
    /// A community and a group of it.
    pub const COMMUNITY: Self = Self {
        orders: &[&[A], &[B], &[A, B]],
        closings: &[&[&[A], &[B]], &[&[B], &[A]], &[&[A, B]]],
        is_community: true,
        runs: 2,
    };
    /// One group, named on both sides of the cut of a command.
    pub const CUT: Self = Self {
        orders: &[&[A], &[A_BY_INVITE]],
        closings: &[&[&[A]]],
        is_community: false,
        runs: 3,
    };
}

/// The model.
#[derive(Debug, Clone)]
pub struct Batches {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// What is asked for.
    pub scene: Scene,
    /// How often the world may disturb.
    pub budget: Budget,
}

impl Batches {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget = Budget { crashes: 1, losses: 2, removals: 1, rejoins: 0 };

    /// The model of `scene` under `rules`.
    pub const fn new(rules: Rules<Rule>, scene: Scene) -> Self {
        Self { rules, scene, budget: Self::BUDGET }
    }
}

impl Model for Batches {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let named = |group| {
            self.scene.orders.iter().any(|order| order.iter().any(|target| target.group == group))
        };
        State::beginnings(self.budget, named(1))
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
