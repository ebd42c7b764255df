//! One owner's attempts to take the lease of a session, as often as a busy one allows.

use std::sync::Mutex;
use std::time::Duration;

use domain::clock::{Budget, UnixMillis};
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use tokio::time::{Instant, sleep};

use super::{AcquireError, take};
use crate::seal::Sealed;
use crate::session::compared::Compared;
use crate::session::generation::Generation;
use crate::session::{Leased, Owner, Sessions, intents};
use crate::table::{Attributes, Item, StoreError, Update, Updated, keys};

/// The attempts of one owner.
pub(in crate::session) struct Attempts<'a> {
    sessions: &'a Sessions,
    instance: &'a InstanceId,
    clock: Compared<'a>,
    owner: Owner,
    budget: Budget,
    /// The rest of the budget is for giving back what may have been taken.
    taking: Budget,
    waiting: Budget,
    pause: Duration,
    waits: u32,
    busy_until: Option<UnixMillis>,
    /// When the leases end that were tried for, each another.
    ends: Vec<UnixMillis>,
}

/// What one attempt is made of.
pub(in crate::session) struct Try<'a> {
    /// Whose it is.
    pub(in crate::session) owner: &'a Owner,
    /// Now.
    pub(in crate::session) now: UnixMillis,
    /// When the lease is to end.
    pub(in crate::session) until: UnixMillis,
    /// When the one ends that an attempt of the same owner has taken after it was given up;
    /// `until` where none has.
    pub(in crate::session) taken: UnixMillis,
}

/// The lease is the owner's, by this very attempt or by one that was seen to have taken it. By
/// the owner alone an earlier attempt that is late would pass: it writes intents that were given
/// up, past their bound, and an end that comes too early.
pub(in crate::session) const OURS: &str =
    "(lease_owner = :me AND (lease_until = :until OR lease_until = :taken))";

/// What one attempt came to.
pub(in crate::session) enum Attempt {
    /// The lease is ours; the item as it is now.
    Taken(Box<Leased>, Attributes),
    /// The condition failed; the item as it was, and when.
    Refused(Attributes, UnixMillis),
}

/// The time for taking: half of a run is kept for giving back, or half of what there is.
/// Whoever waits longer than a run lasts may wait to the end.
fn taking(budget: Budget) -> Budget {
    budget.keeping(LEASE.run / 2)
}

impl<'a> Attempts<'a> {
    /// A busy session is waited for as long as `wait`.
    pub(in crate::session) async fn new(
        sessions: &'a Sessions,
        instance: &'a InstanceId,
        wait: Duration,
        budget: Budget,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            sessions,
            instance,
            owner: Owner::new()?,
            clock: sessions.compared(budget).await?,
            budget,
            taking: taking(budget),
            waiting: budget.at_most(wait),
            pause: LEASE.first_wait,
            waits: 0,
            busy_until: None,
            ends: Vec::new(),
        })
    }

    /// Tries the update. What the item lacks is added by `completed`.
    pub(in crate::session) async fn take(
        &mut self,
        update: impl Fn(&Try<'_>) -> Update,
        completed: fn(Attributes) -> Attributes,
    ) -> Result<Attempt, AcquireError> {
        let mut taken = None;
        loop {
            let attempt = self.take_once(&update, taken, completed).await?;
            let late = match &attempt {
                Attempt::Taken(..) => None,
                Attempt::Refused(item, _) => self.taken_by_us(Item(item)),
            };
            if late.is_none() || late == taken {
                return Ok(attempt);
            }
            taken = late;
        }
    }

    /// The end of the lease, where an attempt of ours has it that was late.
    fn taken_by_us(&self, item: Item<'_>) -> Option<UnixMillis> {
        let is_ours = item.optional_text("lease_owner") == Some(self.owner.0.as_str());
        item.optional_number("lease_until").filter(|_| is_ours).map(UnixMillis)
    }

    /// That end, or the latest before it that no attempt had: what is left of a run grows
    /// less as the time grows, so that all of them would end at once.
    fn another_end(&mut self, mut until: UnixMillis) -> UnixMillis {
        while self.ends.contains(&until) {
            until = until.minus(Duration::from_millis(1));
        }
        self.ends.push(until);
        until
    }

    async fn take_once(
        &mut self,
        update: &impl Fn(&Try<'_>) -> Update,
        taken: Option<UnixMillis>,
        completed: fn(Attributes) -> Attributes,
    ) -> Result<Attempt, AcquireError> {
        let now = self.clock.now();
        if self.taking.remaining() < LEASE.least {
            return Err(match self.busy_until {
                Some(until) => AcquireError::Busy { left: until.since(now), waits: self.waits },
                None => StoreError::OutOfTime.into(),
            });
        }
        let asked = Instant::now();
        let ours = self.budget.remaining().min(LEASE.run);
        let until = self.another_end(now.plus(ours + LEASE.skew));
        let update = update(&Try { owner: &self.owner, now, until, taken: taken.unwrap_or(until) });
        let key = keys::session(self.instance);
        match self.sessions.table.update(&key, update, self.taking).await {
            Ok(Updated::Applied(item)) => {
                let whole = completed(item.clone());
                match self.leased(now, asked, ours, Item(&whole)) {
                    Ok(leased) => Ok(Attempt::Taken(Box::new(leased), item)),
                    Err(error) => {
                        self.give_back().await;
                        Err(error.into())
                    }
                }
            }
            Ok(Updated::Refused(None)) => Err(AcquireError::NotFound),
            Ok(Updated::Refused(Some(item))) => Ok(Attempt::Refused(item, now)),
            Err(error) => {
                // It may have been applied all the same.
                self.give_back().await;
                Err(error.into())
            }
        }
    }

    /// Waits before another attempt at a session that is held until `until`.
    ///
    /// # Errors
    /// [`AcquireError::Busy`] when it was waited for long enough.
    pub(in crate::session) async fn wait(&mut self, until: UnixMillis) -> Result<(), AcquireError> {
        self.waits += 1;
        self.busy_until = Some(until);
        if !self.may_wait() {
            let left = until.since(self.clock.now());
            return Err(AcquireError::Busy { left, waits: self.waits });
        }
        sleep(self.pause.mul_f64(fastrand::f64()).min(self.waiting.remaining())).await;
        self.pause = (self.pause * 2).min(LEASE.longest_wait);
        Ok(())
    }

    /// Whether there is time for waiting.
    pub(in crate::session) fn may_wait(&self) -> bool {
        !self.waiting.remaining().is_zero()
    }

    fn leased(
        &self,
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
            table: self.sessions.table.clone(),
            clock: self.sessions.clock.clone(),
            instance: self.instance.clone(),
            generation: Generation::of(item),
            owner: self.owner.clone(),
            began: now,
            // The skew is for others to wait; we must be done before it begins.
            until: now.plus(ours),
            until_monotonic: asked + ours,
            sealed,
            waits: self.waits,
            seen: item.optional_number("seen_at").map(UnixMillis),
            device_lid: item.optional_text("device_lid").map(str::to_owned),
            intents: Mutex::new(intents::read(item)?),
            renewed: Mutex::default(),
        })
    }

    /// Releases a lease that may or may not have been taken, without anything
    /// having been sent. What does not get through ends with the lease.
    ///
    /// Lease and intents go in one write: between two, another run would read
    /// our intent as that of a leave whose outcome was lost.
    async fn give_back(&self) {
        let (table, owner) = (&self.sessions.table, &self.owner);
        let key = keys::session(self.instance);
        let Ok(Some(item)) = table.get(&key, self.budget).await else { return };
        if Item(&item).optional_text("lease_owner") != Some(owner.0.as_str()) {
            return;
        }
        let standing = intents::read(Item(&item)).unwrap_or_default();
        let ours = standing.into_iter().filter(|(_, intent)| intent.by == owner.0);
        let update = take::give_back(owner, ours.map(|(jid, _)| jid));
        let _ = table.update(&key, update, self.budget).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_any_lease_is_waited_to_its_end() {
        let wait = LEASE.longest() + LEASE.skew;
        assert!(taking(Budget::of(LEASE.run + wait)).remaining() > wait);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_keeps_half_of_its_time_for_giving_back() {
        let seconds = Duration::from_secs(8);
        assert_eq!(taking(Budget::of(seconds)).remaining(), seconds / 2);
        assert_eq!(taking(Budget::of(LEASE.run)).remaining(), LEASE.run / 2);
    }
}
