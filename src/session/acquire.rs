//! Taking a session's lease, its credentials and the usual intent in one update.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::item::{BlockReason, LINKED, LOGGED_OUT, NEVER_LINKED, intent, intents};
use super::{Leased, Owner, Sessions};
use crate::clock::{Budget, UnixMillis};
use crate::group::GroupJid;
use crate::problem::Problem;
use crate::seal::Sealed;
use crate::table::{Corrupt, Item, StoreError, Update, Updated, keys, number, text};
use crate::tenant::InstanceId;
use crate::whatsapp::Gone;

/// What a machine's clock may differ from another's.
const SKEW: Duration = Duration::from_secs(5);
/// Longest time that a run works under one lease: HTTP's budget.
const LONGEST_RUN: Duration = Duration::from_secs(25);
/// Longest lease: the run's own time, and what clocks may differ.
const LONGEST_LEASE: Duration = LONGEST_RUN.saturating_add(SKEW);
/// First wait for a busy session; doubled, with full jitter.
const FIRST_WAIT: Duration = Duration::from_millis(40);
/// Longest wait between two looks at a busy session.
const LONGEST_WAIT: Duration = Duration::from_millis(640);

/// Why there is no lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// No such instance.
    #[error("no such instance")]
    NotFound,
    /// Never linked, or no login of its device can succeed again.
    #[error("not connected to WhatsApp")]
    NotConnected(Option<Gone>),
    /// WhatsApp does not listen to it for a while.
    #[error("blocked by WhatsApp for {left:?}")]
    Blocked {
        /// Why.
        reason: BlockReason,
        /// How much longer.
        left: Duration,
    },
    /// Another run held it for the whole wait.
    #[error("busy for up to {left:?}")]
    Busy {
        /// Until that run's lease ends.
        left: Duration,
        /// How often it was found busy.
        waits: u32,
    },
    /// The session could not be read or taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<&AcquireError> for Problem {
    fn from(error: &AcquireError) -> Self {
        match error {
            AcquireError::NotFound => Self::InstanceNotFound,
            AcquireError::NotConnected(_) => Self::NotConnected,
            AcquireError::Blocked { reason: BlockReason::Banned, left } => {
                Self::Banned { retry_after: *left }
            }
            AcquireError::Blocked { reason: BlockReason::Throttled, left } => {
                Self::Throttled { retry_after: *left }
            }
            AcquireError::Busy { left, .. } => Self::Busy { retry_after: *left },
            AcquireError::Store(error) => Self::from(error),
        }
    }
}

impl AcquireError {
    /// How often the session was found busy.
    pub fn waits(&self) -> u32 {
        match self {
            Self::Busy { waits, .. } => *waits,
            Self::NotFound | Self::NotConnected(_) | Self::Blocked { .. } | Self::Store(_) => 0,
        }
    }
}

impl Sessions {
    /// Takes the lease of `instance` and writes an intent for each of `jids`
    /// that has none. A busy session is waited for.
    ///
    /// # Errors
    /// [`AcquireError`]. A state that cannot succeed takes no lease.
    pub async fn acquire(
        &self,
        instance: &InstanceId,
        jids: &[GroupJid],
        budget: Budget,
    ) -> Result<Leased, AcquireError> {
        let owner = Owner::new()?;
        let waiting = budget.at_most(self.wait);
        let mut wait = FIRST_WAIT;
        let mut waits = 0;
        loop {
            let asked = Instant::now();
            let now = self.clock.now();
            let ours = budget.remaining().min(LONGEST_RUN);
            let update = take(&owner, now, ours + SKEW, jids);
            let outcome = self.table.update(&keys::session(instance), update, budget).await;
            let item = match outcome {
                Ok(Updated::Applied(item)) => {
                    let leased =
                        self.leased(instance, owner.clone(), now, asked, ours, Item(&item));
                    let leased = leased.map(|leased| Leased { waits, ..leased });
                    if leased.is_err() {
                        self.give_back(instance, &owner, budget).await;
                    }
                    return Ok(leased?);
                }
                Ok(Updated::Refused(None)) => return Err(AcquireError::NotFound),
                Ok(Updated::Refused(Some(item))) => item,
                Err(error) => {
                    // It may have been applied all the same.
                    self.give_back(instance, &owner, budget).await;
                    return Err(error.into());
                }
            };
            let busy_until = refusal(Item(&item), now)?;
            waits += 1;
            if waiting.remaining().is_zero() {
                return Err(AcquireError::Busy { left: busy_until.since(now), waits });
            }
            let pause = wait.mul_f64(fastrand::f64()).min(waiting.remaining());
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn leased(
        &self,
        instance: &InstanceId,
        owner: Owner,
        now: UnixMillis,
        asked: Instant,
        ours: Duration,
        item: Item<'_>,
    ) -> Result<Leased, StoreError> {
        let sealed = Sealed {
            key_id: item.text("key_id")?.to_owned(),
            bytes: item.binary("sealed")?.to_vec(),
        };
        Ok(Leased {
            table: self.table.clone(),
            clock: self.clock.clone(),
            instance: instance.clone(),
            owner,
            // The skew is for others to wait; we must be done before it begins.
            until: now.plus(ours),
            until_monotonic: asked + ours,
            sealed,
            waits: 0,
            seen: item.optional_number("seen_at").map(UnixMillis),
            device_lid: item.optional_text("device_lid").map(str::to_owned),
            intents: Mutex::new(intents(item)?),
        })
    }

    /// Releases a lease that may or may not have been taken, without anything
    /// having been sent. What does not get through ends with the lease.
    ///
    /// Lease and intents go in one write: between two, another run would read
    /// our intent as that of a leave whose outcome was lost.
    async fn give_back(&self, instance: &InstanceId, owner: &Owner, budget: Budget) {
        let key = keys::session(instance);
        let Ok(Some(item)) = self.table.get(&key, budget).await else { return };
        if Item(&item).optional_text("lease_owner") != Some(owner.0.as_str()) {
            return;
        }
        let mut removed = vec!["lease_owner".to_owned(), "lease_until".to_owned()];
        let mut names = HashMap::new();
        let standing = intents(Item(&item)).unwrap_or_default();
        let ours = standing.into_iter().filter(|(_, intent)| intent.by == owner.0);
        for (index, (jid, _)) in ours.enumerate() {
            removed.push(format!("intents.#jid{index}"));
            names.insert(format!("#jid{index}"), jid);
        }
        let update = Update {
            expression: format!("SET last_owner = :me REMOVE {}", removed.join(", ")),
            condition: "lease_owner = :me".to_owned(),
            names,
            values: HashMap::from([(":me".to_owned(), text(owner.0.as_str()))]),
        };
        let _ = self.table.update(&key, update, budget).await;
    }
}

/// The update that takes a free lease, re-enters our own, and nobody else's.
/// A lease further ahead than two of the longest was written by a clock that
/// ran away, and does not last.
fn take(owner: &Owner, now: UnixMillis, span: Duration, jids: &[GroupJid]) -> Update {
    let mut expression = "SET lease_owner = :me, lease_until = :until".to_owned();
    let mut names = HashMap::new();
    let mut values = HashMap::from([
        (":me".to_owned(), text(owner.0.as_str())),
        (":until".to_owned(), number(now.plus(span).0)),
        (":now".to_owned(), number(now.0)),
        (":absurd".to_owned(), number(now.plus(LONGEST_LEASE * 2).0)),
        (":linked".to_owned(), text(LINKED)),
    ]);
    for (index, jid) in jids.iter().enumerate() {
        let name = format!("#jid{index}");
        let _ = write!(expression, ", intents.{name} = if_not_exists(intents.{name}, :intent)");
        names.insert(name, jid.to_string());
        values.insert(":intent".to_owned(), intent(&owner.0, now));
    }
    let condition = "attribute_exists(pk) AND session_state = :linked \
        AND (attribute_not_exists(blocked_until) OR blocked_until <= :now) \
        AND (attribute_not_exists(last_owner) OR last_owner <> :me) \
        AND (attribute_not_exists(lease_until) OR lease_until < :now \
             OR lease_until > :absurd OR lease_owner = :me)";
    Update { expression, condition: condition.to_owned(), names, values }
}

/// Why the item refused: an error that lasts, or the end of another run's lease.
fn refusal(item: Item<'_>, now: UnixMillis) -> Result<UnixMillis, AcquireError> {
    match item.text("session_state").map_err(StoreError::from)? {
        LINKED => {}
        LOGGED_OUT => {
            let gone = Gone::from_name(item.optional_text("logged_out_by"));
            return Err(AcquireError::NotConnected(Some(gone)));
        }
        NEVER_LINKED => return Err(AcquireError::NotConnected(None)),
        _ => return Err(StoreError::from(Corrupt("session_state")).into()),
    }
    let blocked_until = item.optional_number("blocked_until").map(UnixMillis);
    if let Some(until) = blocked_until.filter(|until| *until > now) {
        let reason = BlockReason::from_name(item.optional_text("blocked_by").unwrap_or_default());
        return Err(AcquireError::Blocked { reason, left: until.since(now) });
    }
    Ok(UnixMillis(item.optional_number("lease_until").unwrap_or(now.0)))
}
