//! The roster: which groups the instance is known to be in.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::clock::Budget;
use domain::group::{Group, GroupJid, GroupKind};
use futures_util::future::try_join_all;

use super::item::group_row;
use super::{Leased, Owner};
use crate::table::{Attributes, Corrupt, Item, StoreError, keys, text};

/// A roster row, read under the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    group: Group,
}

impl Row {
    /// The group as it was when the row was written; its kind may be stale.
    pub fn group(&self) -> &Group {
        &self.group
    }

    fn read(item: &Attributes) -> Result<Self, Corrupt> {
        let item = Item(item);
        let jid = item.text("jid")?.parse().map_err(|_| Corrupt("jid"))?;
        let parent = item.optional_text("parent_jid").and_then(|parent| parent.parse().ok());
        let kind =
            GroupKind::from_name(item.text("group_kind")?, parent).ok_or(Corrupt("group_kind"))?;
        Ok(Self { group: Group { jid, kind } })
    }
}

impl Leased {
    /// The rows of `jids`, read consistently. Under the lease nobody else
    /// settles or syncs, so what is read here still holds when it is used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows(
        &self,
        jids: &[GroupJid],
        budget: Budget,
    ) -> Result<HashMap<GroupJid, Row>, StoreError> {
        let reads = jids.iter().map(|jid| async move {
            let item = self.table.get(&keys::group(&self.instance, jid), budget).await?;
            let item = item.filter(|item| self.generation.has(Item(item)));
            let row = item.as_ref().map(Row::read).transpose()?;
            Ok::<_, StoreError>(row.map(|row| (jid.clone(), row)))
        });
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    /// The groups whose rows name `community` as their parent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn linked_to(
        &self,
        community: &GroupJid,
        budget: Budget,
    ) -> Result<Vec<GroupJid>, StoreError> {
        let pk = keys::instance_partition(&self.instance);
        let items = self.table.list(&pk, keys::GROUP_PREFIX, budget).await?;
        let ours = items.iter().filter(|item| self.generation.has(Item(item)));
        let rows = ours.filter_map(|item| Row::read(item).ok());
        Ok(rows
            .filter(|row| row.group.kind.parent() == Some(community))
            .map(|row| row.group.jid)
            .collect())
    }

    /// Writes the row of a group that we are in for certain, fenced.
    ///
    /// # Errors
    /// [`StoreError`] when it was not written.
    pub async fn record_membership(&self, group: &Group, budget: Budget) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(self.table.name())
            .set_item(Some(group_row(&self.instance, group, &self.generation)))
            .build()
            .map_err(|_| StoreError::Refused("the call could not be built".to_owned()))?;
        let actions = vec![self.fence()?, TransactWriteItem::builder().put(put).build()];
        let token = Owner::new()?;
        match self.table.transact(&token.0, actions, budget).await? {
            Ok(()) => Ok(()),
            Err(cancelled) => Err(StoreError::Unavailable(format!("not written: {cancelled:?}"))),
        }
    }

    pub(super) fn key(&self) -> Attributes {
        let key = keys::session(&self.instance);
        HashMap::from([("pk".to_owned(), text(key.pk)), ("sk".to_owned(), text(key.sk))])
    }
}
