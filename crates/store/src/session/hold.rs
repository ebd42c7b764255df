//! The lease for whoever replaces a session's device, or ends the session: taken
//! whatever state the session is in, because that state is about to be replaced.

use std::collections::HashMap;
use std::time::Duration;

use domain::clock::{Budget, UnixMillis};
use domain::tenant::InstanceId;
use tokio::time::{Instant, sleep};

use super::acquire::{FIRST_WAIT, LONGEST_LEASE, LONGEST_RUN, LONGEST_WAIT, SKEW};
use super::{AcquireError, Leased, Owner, SessionEnd, Sessions, SettleError, Settlement};
use crate::rows::session::Session;
use crate::table::{Action, Attributes, Item, Update, Updated, binary, keys, number, text};

/// A session under our lease, in whatever state. Its exits are [`Held::settle`] and a
/// transaction of the holder's own that has [`Held::owner`] in its condition and
/// releases.
pub struct Held {
    leased: Leased,
    session: Session,
}

impl Sessions {
    /// Takes the lease of `instance` whatever its state is. A busy session is waited
    /// for as long as `wait`.
    ///
    /// # Errors
    /// [`AcquireError::NotFound`], [`AcquireError::Busy`] and [`AcquireError::Store`].
    pub async fn hold(
        &self,
        instance: &InstanceId,
        wait: Duration,
        budget: Budget,
    ) -> Result<Held, AcquireError> {
        let owner = Owner::new()?;
        let clock = self.compared(budget).await?;
        // The other half is for giving back what may have been taken.
        let taking = budget.keeping(budget.remaining());
        let waiting = budget.at_most(wait);
        let mut pause = FIRST_WAIT;
        let mut waits = 0;
        loop {
            let asked = Instant::now();
            let now = clock.now();
            let ours = budget.remaining().min(LONGEST_RUN);
            let update = take(&owner, now, ours + SKEW);
            let item = match self.table.update(&keys::session(instance), update, taking).await {
                Ok(Updated::Applied(item)) => {
                    let leased = self.leased(
                        instance,
                        owner.clone(),
                        now,
                        asked,
                        ours,
                        Item(&with_credentials(item.clone())),
                    );
                    if leased.is_err() {
                        self.give_back(instance, &owner, budget).await;
                    }
                    return Ok(Held { leased: leased?, session: Session(item) });
                }
                Ok(Updated::Refused(None)) => return Err(AcquireError::NotFound),
                Ok(Updated::Refused(Some(item))) => item,
                Err(error) => {
                    // It may have been applied all the same.
                    self.give_back(instance, &owner, budget).await;
                    return Err(error.into());
                }
            };
            waits += 1;
            if waiting.remaining().is_zero() {
                let until = Item(&item).optional_number("lease_until").map_or(now, UnixMillis);
                return Err(AcquireError::Busy { left: until.since(now), waits });
            }
            sleep(pause.mul_f64(fastrand::f64()).min(waiting.remaining())).await;
            pause = (pause * 2).min(LONGEST_WAIT);
        }
    }
}

/// A lease is made of a session with credentials; one without has empty ones here,
/// which are shown to nobody.
fn with_credentials(mut item: Attributes) -> Attributes {
    item.entry("key_id".to_owned()).or_insert_with(|| text(""));
    item.entry("sealed".to_owned()).or_insert_with(|| binary(Vec::new()));
    item
}

/// As acquire takes it, without a word about the state.
fn take(owner: &Owner, now: UnixMillis, span: Duration) -> Update {
    Update {
        expression: "SET lease_owner = :me, lease_until = :until".to_owned(),
        condition: "attribute_exists(pk) \
            AND (attribute_not_exists(last_owner) OR last_owner <> :me) \
            AND (attribute_not_exists(lease_until) OR lease_until < :now \
                 OR lease_until > :absurd OR lease_owner = :me)"
            .to_owned(),
        names: HashMap::new(),
        values: HashMap::from([
            (":me".to_owned(), text(owner.0.as_str())),
            (":until".to_owned(), number(now.plus(span).0)),
            (":now".to_owned(), number(now.0)),
            (":absurd".to_owned(), number(now.plus(LONGEST_LEASE * 2).0)),
        ]),
    }
}

impl Held {
    /// The instance.
    pub fn instance(&self) -> &InstanceId {
        self.leased.instance()
    }

    /// The session, as it was when the lease was taken. While we hold it, only
    /// its sealed value may change: rotating keys and setting a proxy need no lease.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Who holds it, as the item's `lease_owner` has it.
    pub fn owner(&self) -> &str {
        &self.leased.owner.0
    }

    /// Whether the lease still has time for us: [`Leased::is_held`].
    pub fn is_held(&self) -> bool {
        self.leased.is_held()
    }

    /// What is left of the lease for us.
    pub fn budget(&self) -> Budget {
        Budget::of(self.leased.until_monotonic.saturating_duration_since(Instant::now()))
    }

    /// An action that fails when the lease is not ours: [`Leased::fence`].
    pub fn fence(&self) -> Action {
        self.leased.fence()
    }

    /// Records what became of the session, and releases the lease.
    ///
    /// # Errors
    /// [`SettleError`]. The lease then ends by itself.
    pub async fn settle(self, session: SessionEnd, budget: Budget) -> Result<(), SettleError> {
        let settlement = Settlement { session, ..Settlement::default() };
        self.leased.settle(settlement, budget).await.map(|_| ())
    }
}
