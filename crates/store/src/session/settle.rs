//! The end of a run: lease, intents, roster and history in one fenced
//! transaction. Success and failure alike end here.
//!
//! Nothing that a session has gathered stands in the way: what is tidied beside the
//! run's own ends is bounded, and what cannot be written because of its own condition
//! (an answer that is kept already, say) is dropped.

mod release;
mod rows;

use domain::block::BlockReason;
use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::gone::Gone;
use domain::group::{Group, GroupJid};
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;

use super::idempotency::KeptAnswer;
use super::{Leased, Owner};
use crate::table::{Action, Attributes, Cancelled, Item, Refused, StoreError, Updated, keys};
use release::Release;
use rows::{Rows, Write};

/// Actions of one transaction. DynamoDB takes 100.
const MOST_ACTIONS: usize = 100;
/// Most transactions that take rows of linked groups away. What is left is stale,
/// and heals when it is asked for.
const MOST_LINKED_CHUNKS: usize = 4;
/// How often a settlement is made again without what was refused.
const ATTEMPTS: usize = 8;

/// What became of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEnd {
    /// We are out by our own act: the row goes, the history gets one.
    Left {
        /// The group.
        group: Group,
        /// Groups of the same community that went with it.
        linked: Vec<GroupJid>,
        /// Whether WhatsApp confirmed it to this run.
        confirmed: bool,
    },
    /// We are not in it: the row and every intent go.
    NotMember(GroupJid),
    /// We are in it for certain, as this kind: the row is written, every intent goes.
    StillMember(Group),
    /// This run changed nothing: our own intent is taken back, an earlier one stays,
    /// with the time that it had.
    NothingDone(GroupJid),
    /// The outcome is not known: everything stays for the next run.
    Open(GroupJid),
}

impl GroupEnd {
    /// The group.
    pub fn jid(&self) -> &GroupJid {
        match self {
            Self::Left { group, .. } | Self::StillMember(group) => &group.jid,
            Self::NotMember(jid) | Self::NothingDone(jid) | Self::Open(jid) => jid,
        }
    }
}

/// What became of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionEnd {
    /// As before: the device was not asked, or did not get through.
    #[default]
    Unchanged,
    /// It logged in.
    Online,
    /// No login of the device can succeed again.
    LoggedOut(Gone),
    /// WhatsApp does not listen before `until`.
    Blocked {
        /// Why.
        reason: BlockReason,
        /// When it listens again.
        until: UnixMillis,
    },
}

/// An answer to keep, with the request that it answers.
#[derive(Debug, Clone)]
pub struct Keep<'a> {
    /// The request's key.
    pub key: &'a IdempotencyKey,
    /// The request's identifier.
    pub identifier: &'a Identifier,
    /// The answer.
    pub answer: KeptAnswer,
}

/// What WhatsApp said of the session while it was held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// What became of the session.
    pub session: SessionEnd,
    /// Our LID, as it was told at login; kept when none is.
    pub lid: Option<String>,
}

/// Everything that a run leaves behind, besides what WhatsApp said of the session.
#[derive(Debug, Default)]
pub struct Settlement<'a> {
    /// The groups, each once.
    pub groups: Vec<GroupEnd>,
    /// The answer to keep.
    pub keep: Option<Keep<'a>>,
    /// The request, for the history.
    pub request_id: &'a str,
    /// What a check found.
    pub check: Option<CheckNote>,
}

/// What a check found, and when the next one is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckNote {
    /// The result's name.
    pub result: &'static str,
    /// The next check.
    pub next: UnixMillis,
}

/// Proof that a settlement was written. A recovered 200 needs it.
#[derive(Debug)]
pub struct Settled(());

/// Why a settlement was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// The lease expired and another run took it: the session is theirs now.
    #[error("the lease was taken over")]
    Fenced,
    /// It could not be written, or nobody knows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a call of a settlement was refused.
enum Unwritten {
    /// The lease is ours and the condition failed all the same: one of the intents
    /// that were to be moved is gone.
    Intents,
    /// A write of its own condition, by its place behind the release.
    Write(usize),
}

impl Leased {
    /// Writes the settlement and releases the lease.
    ///
    /// # Errors
    /// [`SettleError`]. The lease then ends by itself, and what was not settled
    /// is learned by the next run.
    pub async fn settle(
        self,
        said: &Said,
        settlement: &Settlement<'_>,
        budget: Budget,
    ) -> Result<Settled, SettleError> {
        let now = self.clock.now();
        let mut release = self.release(said, settlement, now);
        let Rows { linked, mut own } = self.rows_of(settlement, now);
        self.take_linked_away(linked, budget).await?;
        // The owner is the token of the first call: it is new for each run.
        let mut token = self.owner.clone();
        for _ in 0..ATTEMPTS {
            let refused = match self.write(&token, &release, &own, budget).await? {
                Ok(settled) => return Ok(settled),
                Err(refused) => refused,
            };
            match refused {
                Unwritten::Intents => release.moved.clear(),
                Unwritten::Write(place) => {
                    broken!(SettlingOutlivesAKeptAnswer => break);
                    if !own.get(place).is_some_and(|write| write.may_be_dropped) {
                        break;
                    }
                    own.remove(place);
                }
            }
            token = Owner::new()?;
        }
        Err(StoreError::Endless("the settlement was refused").into())
    }

    /// A community's rows of linked groups, before its own row and the release: a
    /// crash in between leaves an intent and a row, and the next run ends the work.
    /// They are tidied, so only the fence stops the settling itself.
    async fn take_linked_away(
        &self,
        linked: Vec<Action>,
        budget: Budget,
    ) -> Result<(), SettleError> {
        for chunk in linked.chunks(MOST_ACTIONS - 1).take(MOST_LINKED_CHUNKS) {
            let mut actions = broken!(CommunityIsFenced => Vec::new(); vec![self.fence()]);
            actions.extend_from_slice(chunk);
            let token = Owner::new()?;
            match self
                .table
                .transact(&token.0, actions, budget.keeping(budget.remaining() / 2))
                .await
            {
                Ok(Ok(())) => {}
                Ok(Err(Cancelled::Condition(Refused { action: 0, .. }))) => {
                    return Err(SettleError::Fenced);
                }
                Ok(Err(cancelled)) => {
                    tracing::warn!(instance = %self.instance, ?cancelled, "linked groups keep their rows");
                    return Ok(());
                }
                Err(error) => {
                    tracing::warn!(instance = %self.instance, %error, "linked groups keep their rows");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// One attempt at the release and everything that belongs to it.
    async fn write(
        &self,
        token: &Owner,
        release: &Release,
        own: &[Write],
        budget: Budget,
    ) -> Result<Result<Settled, Unwritten>, SettleError> {
        let update = release.update(&self.owner);
        if own.is_empty() {
            return match self.table.update(&keys::session(&self.instance), update, budget).await? {
                Updated::Applied(_) => Ok(Ok(Settled(()))),
                Updated::Refused(item) => self.refused(item.as_ref()),
            };
        }
        let mut actions = vec![Action::update(keys::session(&self.instance), update)];
        actions.extend(own.iter().map(|write| write.action.clone()));
        match self.table.transact(&token.0, actions, budget).await? {
            Ok(()) => Ok(Ok(Settled(()))),
            Err(Cancelled::Condition(Refused { action: 0, found })) => {
                self.refused(found.map(|found| found.0).as_ref())
            }
            Err(Cancelled::Condition(Refused { action, .. })) => {
                Ok(Err(Unwritten::Write(action - 1)))
            }
            Err(cancelled) => Err(StoreError::from(cancelled).into()),
        }
    }

    /// What the session's item says about a release that it refused. A repeated one
    /// finds the lease gone and our name on it.
    fn refused(
        &self,
        item: Option<&Attributes>,
    ) -> Result<Result<Settled, Unwritten>, SettleError> {
        let is_us = |name: &str| {
            item.and_then(|item| Item(item).optional_text(name)) == Some(self.owner.0.as_str())
        };
        if is_us("last_owner") {
            Ok(Ok(Settled(())))
        } else if is_us("lease_owner") {
            Ok(Err(Unwritten::Intents))
        } else {
            Err(SettleError::Fenced)
        }
    }
}
