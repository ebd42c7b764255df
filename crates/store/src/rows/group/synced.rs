//! The roster as a sync replaces it: also rows that cannot be read, and those of an
//! earlier session under the name.

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::{Group, GroupJid};
use domain::tenant::InstanceId;

use super::item;
use crate::session::Generation;
use crate::table::{Action, Attributes, Corrupt, Item, StoreError, Table, key_of, keys};

/// Every row of an instance's roster, by its key.
pub struct Roster {
    instance: InstanceId,
    rows: BTreeMap<String, Attributes>,
}

/// A row as it stands.
pub struct StoredGroup {
    sk: String,
    row: Attributes,
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roster({} rows)", self.rows.len())
    }
}

impl std::fmt::Debug for StoredGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredGroup(…)")
    }
}

impl Roster {
    /// Takes the row of a group out.
    pub fn take(&mut self, jid: &GroupJid) -> Option<StoredGroup> {
        let (sk, row) = self.rows.remove_entry(&keys::group(&self.instance, jid).sk)?;
        Some(StoredGroup { sk, row })
    }

    /// The rows that are left.
    pub fn rest(self) -> impl Iterator<Item = StoredGroup> {
        self.rows.into_iter().map(|(sk, row)| StoredGroup { sk, row })
    }
}

impl StoredGroup {
    /// The group that its key names, if it names one.
    pub fn jid(&self) -> Option<GroupJid> {
        self.sk.strip_prefix(keys::GROUP_PREFIX)?.parse().ok()
    }

    /// Whether it is what [`super::put`] would write.
    pub fn is(
        &self,
        instance: &InstanceId,
        group: &Group,
        subject: Option<&str>,
        generation: &Generation,
    ) -> bool {
        self.row == item(instance, group, subject, generation)
    }

    /// Deletes it.
    ///
    /// # Errors
    /// [`Corrupt`] when it has no key.
    pub fn delete(&self) -> Result<Action, Corrupt> {
        Ok(Action::delete(key_of(Item(&self.row))?))
    }
}

impl Table {
    /// Every row of an instance's roster, whatever it says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn roster(
        &self,
        instance: &InstanceId,
        budget: Budget,
    ) -> Result<Roster, StoreError> {
        let partition = keys::instance_partition(instance);
        let mut rows = BTreeMap::new();
        for row in self.list(&partition, keys::GROUP_PREFIX, budget).await? {
            rows.insert(Item(&row).text("sk")?.to_owned(), row);
        }
        Ok(Roster { instance: instance.clone(), rows })
    }
}
