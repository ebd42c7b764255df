//! A group that an instance is in: a row of its roster.

#[cfg(feature = "operator")]
mod synced;

use std::collections::HashMap;

use domain::clock::Budget;
use domain::group::{Group, GroupKind};
use domain::tenant::InstanceId;

use crate::session::Generation;
use crate::table::{Action, Attributes, Corrupt, Item, StoreError, Table, keys, text};

#[cfg(feature = "operator")]
pub use synced::{Roster, StoredGroup};

/// Longest subject that is stored, in characters: WhatsApp's own are 100 at most, and
/// an item has room for 400 KB.
const LONGEST_SUBJECT: usize = 500;

/// A roster row, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    group: Group,
    subject: Option<String>,
}

impl Row {
    /// The group as it was when the row was written; its kind may be stale.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Its subject, when a sync has written the row.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub(crate) fn read(item: &Attributes) -> Result<Self, Corrupt> {
        let item = Item(item);
        let jid = item.text("jid")?.parse().map_err(|_| Corrupt("jid"))?;
        let parent = item.optional_text("parent_jid").and_then(|parent| parent.parse().ok());
        let kind =
            GroupKind::from_name(item.text("group_kind")?, parent).ok_or(Corrupt("group_kind"))?;
        let subject = item.optional_text("subject").map(str::to_owned);
        Ok(Self { group: Group { jid, kind }, subject })
    }
}

/// Writes the row of a group. Only a sync knows its subject.
pub fn put(
    instance: &InstanceId,
    group: &Group,
    subject: Option<&str>,
    generation: &Generation,
) -> Action {
    Action::put(item(instance, group, subject, generation))
}

fn item(
    instance: &InstanceId,
    group: &Group,
    subject: Option<&str>,
    generation: &Generation,
) -> Attributes {
    let key = keys::group(instance, &group.jid);
    let mut item = HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("jid".to_owned(), text(group.jid.as_str())),
        ("group_kind".to_owned(), text(group.kind.name())),
    ]);
    if let Some(parent) = group.kind.parent() {
        item.insert("parent_jid".to_owned(), text(parent.as_str()));
    }
    if let Some(subject) = subject {
        let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
        item.insert("subject".to_owned(), text(subject));
    }
    generation.mark(&mut item);
    item
}

impl Table {
    /// The roster of the session of that generation. A row that cannot be read is among
    /// them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups_of(
        &self,
        instance: &InstanceId,
        generation: &Generation,
        budget: Budget,
    ) -> Result<Vec<Result<Row, Corrupt>>, StoreError> {
        let partition = keys::instance_partition(instance);
        let items = self.list(&partition, keys::GROUP_PREFIX, budget).await?;
        let its = items.iter().filter(|item| generation.has(Item(item)));
        Ok(its.map(Row::read).collect())
    }
}
