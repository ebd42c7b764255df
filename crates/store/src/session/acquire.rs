//! Taking a session's lease, its credentials and the usual intents in one update.

mod error;
mod take;

use std::sync::Mutex;
use std::time::Duration;

use domain::block::BlockReason;
use domain::clock::{Budget, UnixMillis};
use domain::gone::Gone;
use domain::group::GroupJid;
use domain::tenant::InstanceId;
use tokio::time::Instant;

use super::generation::Generation;
use super::intents::{self, Intents};
use super::{Leased, Owner, Sessions};
use crate::rows::session::{DELETING, LINKED, LOGGED_OUT, NEVER_LINKED};
use crate::seal::Sealed;
use crate::table::{Attributes, Corrupt, Item, StoreError, Updated, keys};

pub use error::AcquireError;
use take::{Take, Wanted};

/// What a machine's clock may differ from another's.
pub(super) const SKEW: Duration = Duration::from_secs(5);
/// Longest time that a run works under one lease: HTTP's budget.
pub(super) const LONGEST_RUN: Duration = Duration::from_secs(25);
/// Longest lease: the run's own time, and what clocks may differ.
pub(super) const LONGEST_LEASE: Duration = LONGEST_RUN.saturating_add(SKEW);
/// First wait for a busy session; doubled, with full jitter.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(40);
/// Longest wait between two looks at a busy session.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(640);

/// With less time than this no lease is taken: it could hardly be given back, and what
/// stays behind is read as a leave whose outcome was lost.
const LEAST: Duration = Duration::from_millis(50);

/// Why the item refused, when that need not last.
enum Refusal {
    /// Another run's lease, which ends then.
    Busy(UnixMillis),
    /// Nobody holds it: there was no room for the intents, or somebody else was
    /// there between refusing and now.
    Free,
}

impl Sessions {
    /// Takes the lease of `instance` and writes an intent for each of `jids`
    /// that has none. A busy session is waited for, at most for half of `budget`.
    ///
    /// Of `jids`, those that have no room among the open intents get none: see
    /// [`Leased::has_room_for`]. An intent that is there needs no room, so a retry of an
    /// open leave always passes.
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
        let clock = self.compared(budget).await?;
        // The other half is for giving back what may have been taken.
        let taking = budget.keeping(budget.remaining());
        let waiting = budget.at_most(self.wait.min(budget.remaining() / 2));
        let mut wait = FIRST_WAIT;
        let mut waits = 0;
        let mut is_tidied = false;
        let mut busy_until: Option<UnixMillis> = None;
        let mut wanted = Wanted::usual(jids);
        loop {
            let now = clock.now();
            if taking.remaining() < LEAST {
                return Err(match busy_until {
                    Some(until) => AcquireError::Busy { left: until.since(now), waits },
                    None => StoreError::OutOfTime.into(),
                });
            }
            let asked = Instant::now();
            let ours = budget.remaining().min(LONGEST_RUN);
            let take = Take { owner: &owner, now, span: ours + SKEW, wanted: &wanted };
            let outcome = self.table.update(&keys::session(instance), take.update(), taking).await;
            let item = match outcome {
                Ok(Updated::Applied(item)) => {
                    let leased =
                        self.leased(instance, owner.clone(), now, asked, ours, Item(&item));
                    if leased.is_err() {
                        self.give_back(instance, &owner, budget).await;
                    }
                    return Ok(leased.map(|leased| Leased { waits, ..leased })?);
                }
                Ok(Updated::Refused(None)) => return Err(AcquireError::NotFound),
                Ok(Updated::Refused(Some(item))) => item,
                Err(error) => {
                    // It may have been applied all the same.
                    self.give_back(instance, &owner, budget).await;
                    return Err(error.into());
                }
            };
            let until = match refusal(Item(&item), now)? {
                Refusal::Busy(until) => until,
                Refusal::Free => {
                    let mut standing = intents::read(Item(&item)).map_err(StoreError::from)?;
                    let is_crowded = take::lack_room(jids, &standing);
                    if is_crowded && !is_tidied {
                        is_tidied = true;
                        standing = self.make_room(instance, standing, now, budget).await?;
                    }
                    wanted = Wanted::fitting(jids, &standing, now);
                    if wanted.is_refused() {
                        let left = intents::until_one_ends(&standing, now);
                        return Err(AcquireError::TooManyOpen { left });
                    }
                    if is_crowded && !waiting.remaining().is_zero() {
                        continue;
                    }
                    now
                }
            };
            waits += 1;
            busy_until = Some(until);
            if waiting.remaining().is_zero() {
                return Err(AcquireError::Busy { left: until.since(now), waits });
            }
            let pause = wait.mul_f64(fastrand::f64()).min(waiting.remaining());
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    pub(super) fn leased(
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
            generation: Generation::of(item),
            owner,
            began: now,
            // The skew is for others to wait; we must be done before it begins.
            until: now.plus(ours),
            until_monotonic: asked + ours,
            sealed,
            waits: 0,
            seen: item.optional_number("seen_at").map(UnixMillis),
            device_lid: item.optional_text("device_lid").map(str::to_owned),
            intents: Mutex::new(intents::read(item)?),
            renewed: Mutex::default(),
        })
    }

    /// Removes intents that have ended, on condition that nobody has renewed them
    /// since they were read. No lease is needed: they count for nothing. Returns
    /// those that stand then, as far as is known.
    async fn make_room(
        &self,
        instance: &InstanceId,
        standing: Intents,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Intents, StoreError> {
        let ended = intents::ended(&standing, now);
        if ended.is_empty() {
            return Ok(standing);
        }
        let update = take::tidy(&ended);
        match self.table.update(&keys::session(instance), update, budget).await? {
            Updated::Applied(item) | Updated::Refused(Some(item)) => {
                Ok(intents::read(Item(&item))?)
            }
            Updated::Refused(None) => Ok(standing),
        }
    }

    /// Releases a lease that may or may not have been taken, without anything
    /// having been sent. What does not get through ends with the lease.
    ///
    /// Lease and intents go in one write: between two, another run would read
    /// our intent as that of a leave whose outcome was lost.
    pub(super) async fn give_back(&self, instance: &InstanceId, owner: &Owner, budget: Budget) {
        let key = keys::session(instance);
        let Ok(Some(item)) = self.table.get(&key, budget).await else { return };
        if Item(&item).optional_text("lease_owner") != Some(owner.0.as_str()) {
            return;
        }
        let standing = intents::read(Item(&item)).unwrap_or_default();
        let ours = standing.into_iter().filter(|(_, intent)| intent.by == owner.0);
        let update = take::give_back(owner, ours.map(|(jid, _)| jid));
        let _ = self.table.update(&key, update, budget).await;
    }
}

/// Why the item refused: an error that lasts, or something that passes.
fn refusal(item: Item<'_>, now: UnixMillis) -> Result<Refusal, AcquireError> {
    match item.text("session_state").map_err(StoreError::from)? {
        LINKED => {}
        LOGGED_OUT => {
            let gone = Gone::from_name(item.optional_text("logged_out_by"));
            return Err(AcquireError::NotConnected(Some(gone)));
        }
        NEVER_LINKED => return Err(AcquireError::NotConnected(None)),
        DELETING => return Err(AcquireError::NotFound),
        _ => return Err(StoreError::from(Corrupt("session_state")).into()),
    }
    let blocked_until = item.optional_number("blocked_until").map(UnixMillis);
    let lasts = |until: &UnixMillis| *until > now && *until <= take::absurd_block(now);
    if let Some(until) = blocked_until.filter(lasts) {
        let reason = BlockReason::from_name(item.optional_text("blocked_by").unwrap_or_default());
        return Err(AcquireError::Blocked { reason, left: until.since(now) });
    }
    let lease = item.optional_number("lease_until").map(UnixMillis);
    let lasts = |until: &UnixMillis| *until >= now && *until <= take::absurd(now);
    Ok(lease.filter(lasts).map_or(Refusal::Free, Refusal::Busy))
}

/// The state of a session, as one that asks for it without its lease sees it.
pub(super) fn is_there(session: Option<&Attributes>) -> bool {
    let state = session.and_then(|item| Item(item).optional_text("session_state"));
    state.is_some_and(|state| state != DELETING)
}
