//! The client version that is shown to WhatsApp at login.
//!
//! WhatsApp refuses old clients (405), and when it does, every leave fails until
//! there is a newer version. So the version is an item of the table, which an
//! operator changes without a deploy; the configured one counts while there is
//! none. It is read with the data keys when an environment starts, and beside a
//! connection when it is minutes old, so it costs no time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::client_version::ClientVersion;
use domain::clock::{Budget, UnixMillis};
use tokio::time::Instant;

use crate::table::{
    Action, AtStart, Attributes, Corrupt, Item, StoreError, Table, keys, number, text,
};

/// How long an environment shows the version that it has read.
const KNOWN_FOR: Duration = Duration::from_mins(5);
/// Longest time that a connection waits for the version.
const PATIENCE: Duration = Duration::from_secs(2);

/// The version to show, as this environment knows it.
pub struct ClientVersions {
    table: Table,
    configured: ClientVersion,
    known: Mutex<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    version: ClientVersion,
    read: Option<Instant>,
}

impl fmt::Debug for ClientVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientVersions")
            .field("configured", &self.configured)
            .finish_non_exhaustive()
    }
}

/// A version that an operator has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetVersion {
    /// The version.
    pub version: ClientVersion,
    /// When it was set.
    pub set_at: UnixMillis,
}

impl ClientVersions {
    /// Versions in `table`; `configured` counts while none is set.
    pub fn new(table: Table, configured: ClientVersion) -> Self {
        let known = Known { version: configured, read: None };
        Self { table, configured, known: Mutex::new(known) }
    }

    /// The version to show. It is read again when it is minutes old; a table that
    /// does not answer leaves the one that is known.
    pub async fn current(&self, budget: Budget) -> ClientVersion {
        let known = *self.known();
        if known.read.is_some_and(|read| read.elapsed() < KNOWN_FOR) {
            return known.version;
        }
        match self.read(budget.at_most(PATIENCE)).await {
            Ok(set) => {
                let version = set.map_or(self.configured, |set| set.version);
                *self.known() = Known { version, read: Some(Instant::now()) };
                version
            }
            Err(error) => {
                tracing::warn!(%error, "the client version is not read");
                known.version
            }
        }
    }

    /// Takes the version out of what was read just now, with the data keys.
    pub fn learn(&self, read: &AtStart) {
        let is_version =
            |item: &&Attributes| Item(item).optional_text("sk") == Some(keys::CLIENT_VERSION);
        let set =
            read.0.iter().find(is_version).map(|item| SetVersion::read(Item(item))).transpose();
        match set {
            Ok(set) => {
                let version = set.map_or(self.configured, |set| set.version);
                *self.known() = Known { version, read: Some(Instant::now()) };
            }
            Err(error) => tracing::warn!(%error, "the client version is not read"),
        }
    }

    /// WhatsApp refused the version: it is read again before it is shown again.
    pub fn refused(&self) {
        self.known().read = None;
    }

    /// The version that an operator has set, if one has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self, budget: Budget) -> Result<Option<SetVersion>, StoreError> {
        let item = self.table.get(&keys::client_version(), budget).await?;
        item.as_ref().map(|item| SetVersion::read(Item(item))).transpose()
    }

    /// The version that counts while none is set.
    pub fn configured(&self) -> ClientVersion {
        self.configured
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SetVersion {
    fn read(item: Item<'_>) -> Result<Self, StoreError> {
        let version = item.text("version")?.parse().map_err(|_| Corrupt("version"))?;
        Ok(Self { version, set_at: UnixMillis(item.number("set_at")?) })
    }

    /// Writes it, whatever is there.
    pub fn put(&self) -> Action {
        let key = keys::client_version();
        Action::put(HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("version".to_owned(), text(self.version.to_string())),
            ("set_at".to_owned(), number(self.set_at.0)),
        ]))
    }
}
