//! An instance's session in the table: the lease, the intents, the roster and
//! the history.
//!
//! ```text
//! acquire → Leased     the session, and the fence that every later write carries
//! rows, intend, record_membership
//! settle               lease, intents, roster and history in one fenced transaction
//! ```
//!
//! **The fence is the owner.** Each acquire has a new owner; every later write
//! is on condition that the lease is still its own; releasing remembers the
//! owner, so that a late duplicate of the acquire cannot take a ghost lease.
//! Why not a counter: `docs/lease.md`.

mod acquire;
mod compared;
mod due;
#[cfg(feature = "breakable")]
mod early;
mod generation;
mod hold;
mod idempotency;
mod intent;
mod intents;
mod membership;
mod settle;
mod unresolved;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::clock::{Clock, UnixMillis};
use domain::tenant::InstanceId;
use tokio::time::Instant;

use crate::random::random;
pub use crate::rows::group::Row;
use crate::seal::Sealed;
use crate::table::{StoreError, Table};

pub use acquire::AcquireError;
pub use due::{Due, DueSession, is_fresh, next as next_check};
pub use generation::Generation;
pub use hold::Held;
pub use idempotency::{Kept, KeptAnswer};
pub use intent::{IntendError, Intended, Standing};
use intents::{Intents, StoredIntent};
pub use settle::{CheckNote, GroupEnd, Keep, Said, SessionEnd, SettleError, Settled, Settlement};
pub use unresolved::Unresolved;

/// A fence that lets everybody through.
#[cfg(feature = "breakable")]
pub(crate) const NO_FENCE: &str = "(lease_owner = :me OR attribute_exists(pk))";

/// Sessions of a table.
pub struct Sessions {
    table: Table,
    clock: Arc<dyn Clock>,
    wait: Duration,
}

impl Sessions {
    /// Sessions in `table`; a busy one is waited for as long as `wait`.
    pub fn new(table: Table, clock: Arc<dyn Clock>, wait: Duration) -> Self {
        Self { table, clock, wait }
    }

    /// How long a busy session is waited for.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// Who holds a lease: new for every acquire, 32 characters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Owner(String);

impl Owner {
    fn new() -> Result<Self, StoreError> {
        Ok(Self(hex::encode(random::<16>()?)))
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A session under our lease. Its only exit is [`Leased::settle`].
pub struct Leased {
    table: Table,
    clock: Arc<dyn Clock>,
    instance: InstanceId,
    generation: Generation,
    owner: Owner,
    began: UnixMillis,
    until: UnixMillis,
    until_monotonic: Instant,
    sealed: Sealed,
    waits: u32,
    seen: Option<UnixMillis>,
    device_lid: Option<String>,
    /// The intents as acquire showed them, and our own.
    intents: Mutex<Intents>,
    /// Earlier runs' intents whose time this run has renewed, or may have.
    renewed: Mutex<BTreeSet<String>>,
}

impl Leased {
    /// The instance.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The sealed credentials.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// How often the session was found busy before it was ours.
    pub fn waits(&self) -> u32 {
        self.waits
    }

    /// When the device last logged in, as far as is known.
    pub fn seen(&self) -> Option<UnixMillis> {
        self.seen
    }

    /// The device's LID, when one is known.
    pub fn device_lid(&self) -> Option<&str> {
        self.device_lid.as_deref()
    }

    /// Whether the lease still has time for us, by the wall clock and by a monotonic
    /// one: either alone can be fooled, by a step of the clock or by a freeze.
    pub fn is_held(&self) -> bool {
        self.clock.now() < self.until && Instant::now() < self.until_monotonic
    }

    /// What is left of the lease for us.
    pub fn left(&self) -> Duration {
        self.until_monotonic.saturating_duration_since(Instant::now())
    }

    /// The generation that this session's rows carry.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    fn intents(&self) -> MutexGuard<'_, Intents> {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an intent counts at `now`. One that this run has renewed does, whatever
    /// time acquire showed.
    fn counts(&self, jid: &str, intent: &StoredIntent, now: UnixMillis) -> bool {
        !intent.has_ended(now) || self.renewed().contains(jid)
    }

    fn renewed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased")
            .field("instance", &self.instance)
            .field("owner", &self.owner)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
