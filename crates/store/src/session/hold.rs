//! The lease for whoever replaces a session's device, or ends the session: taken
//! whatever state the session is in, because that state is about to be replaced.

use std::collections::HashMap;
use std::time::Duration;

use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::lease::LEASE;
use domain::tenant::InstanceId;

use super::acquire::{Attempt, Attempts, OURS, Try};
use super::{AcquireError, Leased, Sessions};
use crate::rows::session::Session;
use crate::table::{Action, Attributes, Item, Update, binary, number, text};

/// A session under our lease, in whatever state. Its exits are [`Leased::settle`] and a
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
        let mut attempts = Attempts::new(self, instance, wait, budget).await?;
        loop {
            match attempts.take(take, with_credentials).await? {
                Attempt::Taken(leased, item) => {
                    return Ok(Held { leased: *leased, session: Session(item) });
                }
                Attempt::Refused(item, now) => {
                    let until = Item(&item).optional_number("lease_until").map_or(now, UnixMillis);
                    attempts.wait(until).await?;
                }
            }
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
fn take(attempt: &Try<'_>) -> Update {
    let Try { owner, now, until, taken } = attempt;
    Update {
        expression: "SET lease_owner = :me, lease_until = :until".to_owned(),
        condition: format!(
            "attribute_exists(pk) \
            AND (attribute_not_exists(last_owner) OR last_owner <> :me) \
            AND (attribute_not_exists(lease_until) OR lease_until < :now \
                 OR lease_until > :absurd OR {OURS})"
        ),
        names: HashMap::new(),
        values: HashMap::from([
            (":me".to_owned(), text(owner.0.as_str())),
            (":until".to_owned(), number(until.0)),
            (":taken".to_owned(), number(taken.0)),
            (":now".to_owned(), number(now.0)),
            (
                ":absurd".to_owned(),
                number(broken!(ReplacingWaits => 0; now.plus(LEASE.absurd()).0)),
            ),
        ]),
    }
}

impl Held {
    /// The lease itself.
    pub fn leased(&self) -> &Leased {
        &self.leased
    }

    /// The lease, without the item as it was.
    pub fn into_leased(self) -> Leased {
        self.leased
    }

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

    /// An action that fails when the lease is not ours: [`Leased::fence`].
    pub fn fence(&self) -> Action {
        self.leased.fence()
    }
}
