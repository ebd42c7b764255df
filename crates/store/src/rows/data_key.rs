//! A data key, wrapped: what seals is sealed with. Which one is current is a row of its
//! own beside them.

#[cfg(feature = "operator")]
mod current;

use std::collections::HashMap;
use std::fmt;

use crate::table::{Action, Attributes, Corrupt, Item, binary, keys, text};

#[cfg(feature = "operator")]
pub use current::{DataKey, delete, is_current, make_current, put_new, replace_current, retire};

/// A data key to be put into the table.
#[derive(Clone)]
pub struct NewDataKey {
    /// Its id.
    pub(crate) id: String,
    /// Wrapped by KMS or by the sealing key.
    pub(crate) wrapped: Vec<u8>,
}

impl fmt::Debug for NewDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewDataKey({})", self.id)
    }
}

/// Writes a data key, whatever is there.
pub fn put(key: &NewDataKey) -> Action {
    Action::put(key.item())
}

impl NewDataKey {
    fn item(&self) -> Attributes {
        let key = keys::data_key(&self.id);
        HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("key_id".to_owned(), text(self.id.as_str())),
            ("wrapped".to_owned(), binary(self.wrapped.clone())),
        ])
    }
}

/// Whether an item of its partition is a data key.
pub(crate) fn is_one(item: Item<'_>) -> bool {
    item.optional_text("sk").unwrap_or_default().starts_with(keys::DATA_KEY_PREFIX)
}

/// A data key's id.
pub(crate) fn id(item: Item<'_>) -> Result<&str, Corrupt> {
    item.text("key_id")
}

/// A data key, as it is wrapped.
pub(crate) fn wrapped(item: Item<'_>) -> Result<&[u8], Corrupt> {
    item.binary("wrapped")
}
