//! What every environment reads when it starts, in one query.

use std::fmt;

use domain::clock::Budget;

use super::client::Table;
use super::failure::StoreError;
use super::item::Attributes;
use super::keys;

/// The data keys and the client version, for the keyring and the versions to learn.
pub struct AtStart(pub(crate) Vec<Attributes>);

impl fmt::Debug for AtStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AtStart({} items)", self.0.len())
    }
}

impl Table {
    /// The data keys and the client version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_start(&self, budget: Budget) -> Result<AtStart, StoreError> {
        self.partition(keys::DATA_KEYS, budget).await.map(AtStart)
    }
}
