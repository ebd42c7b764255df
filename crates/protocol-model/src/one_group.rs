//! One group, in the smallest steps: lease, fence, intent, row, sync.
//!
//! | module | what it is |
//! |---|---|
//! | [`state`] | what everybody knows, and what only the properties know |
//! | [`action`] | who can do what |
//! | `possible` | what can happen next |
//! | `step` | what each step does |
//! | `closing` | one undisturbed run more, when all is quiet |
//! | [`promises`] | what is promised |
//! | [`properties`] | when it holds, and the exception |
//!
//! # Bounds
//! One group; two workers; three runs, and the undisturbed one after them; two
//! crashes; two lost messages, each a leave, WhatsApp's reply, or a call to
//! DynamoDB before or after it was applied; one removal by somebody else; one
//! rejoin; one sync; one delayed duplicate of an acquire. Any lease may run out
//! at any moment. It begins in the group or out of it, with a row or without.
//!
//! | callers | states | |
//! |---|---|---|
//! | all by the JID | 3.9 million | in every test run |
//! | all by an invite | 7.2 million | on demand; in every test run with one lost message and no duplicate |
//! | each as it likes | 22 million | on demand |
//!
//! # What is coarser than the code
//! - Settling and answering are one step. A crash between them loses the answer
//!   to a leave that is settled: see [`Limit::AnswerLostAfterSettling`].
//! - A login is not checked against the lease, since a freeze right after the
//!   check undoes it. So logins come late here as often as they like.
//! - A run that finds the lease taken waits; one that gives up touched nothing.
//! - What has a model of its own is left out. So is the history: it is written with
//!   the settling, and nothing here reads it.
//! - The sync does not crash; it may be taken over, or never come to its write.
//!
//! # What it does not withstand
//! [`properties::nobody_can_tell`] is the exception that is built in. Each
//! [`Limit`] is a promise in a stricter reading, with a test that it falls.

pub mod action;
mod closing;
mod possible;
pub mod promises;
pub mod properties;
pub mod state;
mod step;

use stateright::{Model, Property};

use crate::group::{Identifier, Membership};
use crate::rules::Rules;
use action::Action;
use promises::Promise;
use state::{Budget, State};

/// A rule of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A lease that has not run out is not taken over.
    HeldLeaseRefused,
    /// Every write after the acquire is on condition that the lease is its own.
    Fence,
    /// An acquire by the run that released last is refused.
    LastOwnerRefused,
    /// The intent stands before the stanza is sent.
    IntentBeforeStanza,
    /// A new run does not overwrite an earlier run's intent.
    IntentKept,
    /// The row is read after the lease was taken.
    RowReadUnderLease,
    /// What the metadata says is in the row before the stanza is sent.
    RowWrittenBeforeStanza,
    /// The lease is checked for time left right before the stanza.
    LeaseCheckedBeforeStanza,
    /// A recovered 200 needs an earlier run's intent.
    RecoveryNeedsIntent,
    /// A recovered 200 needs the row.
    RecoveryNeedsRow,
    /// A recovered 200 is spoken only once its settling is known to be written.
    RecoveredOnlyWhenSettled,
    /// A 404 is spoken only once its settling is known to be written: a run that
    /// was fenced off saw the other run's act.
    DeniedOnlyWhenSettled,
    /// A confirmed 200 is spoken whatever became of its settling.
    ConfirmedWithoutSettling,
    /// Settling an outcome removes the intent, whoever wrote it.
    SettlingEndsEveryIntent,
    /// A run that sent nothing takes its own intent back.
    UnsentIntentTakenBack,
    /// A run that sent nothing leaves an earlier run's intent alone.
    EarlierIntentLeftAlone,
    /// An intent is taken back in the very write that releases the lease.
    TakenBackWithRelease,
    /// A sync of the roster takes the lease.
    SyncTakesLease,
    /// A sync leaves the row alone while an intent is open.
    SyncSparesOpenIntents,
}

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
    /// The session remembers one last owner. A duplicate of an acquire that comes
    /// after the next run's release as well takes a ghost lease and leaves an
    /// intent of a run whose outcome is known; over a stale row, the next run
    /// reads them as a lost leave.
    DuplicateAfterNextRelease,
    /// A 200 whose settling was written and whose answer was then lost has used
    /// up the notes: the retry hears 404. An `Idempotency-Key` is for this.
    AnswerLostAfterSettling,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// The rules that are kept.
    pub rules: Rules<Rule>,
    /// How the callers name the group.
    pub callers: Callers,
    /// How often the world may disturb.
    pub budget: Budget,
    /// A known limit that is crossed.
    pub limit: Option<Limit>,
}

impl Protocol {
    /// The bounds of the module's documentation.
    pub const BUDGET: Budget =
        Budget { crashes: 2, losses: 2, removals: 1, rejoins: 1, duplicates: 1 };

    /// The protocol under `rules`.
    pub const fn new(rules: Rules<Rule>, callers: Callers) -> Self {
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
        Promise::ALL.iter().map(|promise| promise.property()).collect()
    }
}
