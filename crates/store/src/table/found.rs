//! An item that a refused condition saw, for those outside who ask what it says.

use std::fmt;

use domain::tenant::{InstanceId, InstanceName};

use super::item::{Attributes, Corrupt, Item};

/// A condition of a write that failed. Nothing of the write was done.
#[derive(Debug)]
pub struct Refused {
    /// The action's place in the transaction.
    pub action: usize,
    /// The item that the condition saw; `None` when there was none.
    pub found: Option<Found>,
}

/// An item that a condition saw. No text shows what is in it.
pub struct Found(pub(crate) Attributes);

impl Found {
    /// The item, for its row's reader.
    pub(crate) fn item(&self) -> Item<'_> {
        Item(&self.0)
    }

    /// Whose it is: a session's, or a claim's on a device.
    ///
    /// # Errors
    /// [`Corrupt`] when it names no instance.
    pub fn owner(&self) -> Result<InstanceId, Corrupt> {
        owner(self.item())
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Found(…)")
    }
}

/// The instance that an item names in `account` and `instance`.
pub(crate) fn owner(item: Item<'_>) -> Result<InstanceId, Corrupt> {
    Ok(InstanceId {
        account: item.text("account")?.parse().map_err(|_| Corrupt("account"))?,
        name: InstanceName::of_stored(item.text("instance")?).map_err(|_| Corrupt("instance"))?,
    })
}
