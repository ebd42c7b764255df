//! Which data key to seal with, and another in its place: for operators, who alone seal.

use std::collections::HashMap;

use domain::clock::{Budget, UnixMillis};

use super::{NewDataKey, id};
use crate::table::{Action, Attributes, Condition, Item, StoreError, Table, keys, number, text};

/// A data key that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Its id.
    pub id: String,
    /// When another took its place.
    pub retired: Option<UnixMillis>,
}

/// Writes a data key that is not there yet.
pub fn put_new(key: &NewDataKey) -> Action {
    Action::put_if(key.item(), Condition::is_new())
}

/// Makes a key current when none is.
pub fn make_current(id: &str) -> Action {
    Action::put_if(current(id), Condition::is_new())
}

/// Makes a key current in the place of `old`, if that is.
pub fn replace_current(old: &str, new: &str) -> Action {
    let is_old = Condition::new("key_id = :old").value(":old", text(old));
    Action::put_if(current(new), is_old)
}

/// Fails unless the key is current.
pub fn is_current(id: &str) -> Action {
    let is_current = Condition::new("key_id = :current").value(":current", text(id));
    Action::check(keys::current_data_key(), is_current)
}

/// Notes since when a key is not current any more.
pub fn retire(id: &str, now: UnixMillis) -> Action {
    let retire = Condition::exists().value(":now", number(now.0));
    Action::change(keys::data_key(id), "SET retired_at = :now", retire)
}

/// Deletes a key.
pub fn delete(id: &str) -> Action {
    Action::delete(keys::data_key(id))
}

impl Table {
    /// The current key's id, when there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn current_data_key(&self, budget: Budget) -> Result<Option<String>, StoreError> {
        let item = self.get(&keys::current_data_key(), budget).await?;
        Ok(item.map(|item| id(Item(&item)).map(str::to_owned)).transpose()?)
    }

    /// Every data key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn data_keys(&self, budget: Budget) -> Result<Vec<DataKey>, StoreError> {
        let items = self.list(keys::DATA_KEYS, keys::DATA_KEY_PREFIX, budget).await?;
        items
            .iter()
            .map(|item| {
                let retired = Item(item).optional_number("retired_at").map(UnixMillis);
                Ok(DataKey { id: id(Item(item))?.to_owned(), retired })
            })
            .collect()
    }
}

fn current(id: &str) -> Attributes {
    let key = keys::current_data_key();
    HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("key_id".to_owned(), text(id)),
    ])
}
