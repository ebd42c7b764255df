//! The roster: which groups the instance is known to be in.

use std::collections::HashMap;

use domain::broken;
use domain::clock::Budget;
use domain::group::{Group, GroupJid};
use futures_util::future::try_join_all;

use super::{Leased, Owner};
use crate::rows::group::{self, Row};
use crate::table::{Cancelled, Item, StoreError, keys};

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
            let item = broken!(RowIsReadUnderTheLease =>
                super::early::row(&self.instance, jid, item); item);
            let is_its =
                |item: &_| self.generation.has(Item(item)) || broken!(RowsAreOfTheGeneration);
            let item = item.filter(is_its);
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
            .filter(|row| row.group().kind.parent() == Some(community))
            .map(|row| row.group().jid.clone())
            .collect())
    }

    /// Writes the row of a group that we are in for certain, fenced.
    ///
    /// # Errors
    /// [`StoreError`] when it was not written.
    pub async fn record_membership(&self, group: &Group, budget: Budget) -> Result<(), StoreError> {
        let row = group::put(&self.instance, group, None, &self.generation);
        let actions = broken!(MembershipIsFenced => vec![row]; vec![self.fence(), row]);
        let token = Owner::new()?;
        match self.table.transact(&token.0, actions, budget).await? {
            Ok(()) => Ok(()),
            Err(Cancelled::Condition(_)) => Err(StoreError::LeaseLost),
            Err(cancelled) => Err(cancelled.into()),
        }
    }
}
