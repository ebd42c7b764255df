//! Calls that operators alone make: by an index, over the whole table, and a deletion on
//! condition. The function's role may make none of them.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use domain::tenant::AccountId;

use super::action::{Condition, attributes};
use super::client::Table;
use super::failure::StoreError;
use super::index::UsedIndex;
use super::item::{Attributes, Corrupt, Item, text};
use super::keys::Key;

/// Everything of an account: sessions, tokens, claims on devices. Sorted by `pk`, so that
/// one kind of item is a range of it.
pub(crate) const BY_ACCOUNT: UsedIndex = UsedIndex {
    name: "by_account",
    partition: "account",
    sort: "pk",
    read: &[
        "instance",
        "session_state",
        "device_jid",
        "created_at",
        "linked_at",
        "checked_at",
        "check_result",
        "token_id",
        "kind",
        "max_rpm",
        "note",
        "valid_until",
    ],
};

/// The key of an item that was read.
pub(crate) fn key_of(item: Item<'_>) -> Result<Key, Corrupt> {
    Ok(Key { pk: item.text("pk")?.to_owned(), sk: item.text("sk")?.to_owned() })
}

impl Table {
    /// What the index has of an account, one kind of item. The index follows the table by
    /// a moment.
    pub(crate) async fn of_account(
        &self,
        account: &AccountId,
        prefix: &str,
    ) -> Result<Vec<Attributes>, StoreError> {
        let mut pages = self
            .client()
            .query()
            .table_name(self.name())
            .index_name(BY_ACCOUNT.name)
            .key_condition_expression("#account = :account AND begins_with(pk, :prefix)")
            .expression_attribute_names("#account", BY_ACCOUNT.partition)
            .expression_attribute_values(":account", text(account.as_str()))
            .expression_attribute_values(":prefix", text(prefix))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| StoreError::of(&error))?);
        }
        Ok(items)
    }

    /// What belongs to an account and has that sort key, read consistently: what an index
    /// has follows by a moment, so what ends something reads this.
    pub(crate) async fn scan_of(
        &self,
        account: &AccountId,
        sk: &str,
    ) -> Result<Vec<Attributes>, StoreError> {
        let of_it = Condition::new("sk = :sk AND #account = :account")
            .name("#account", "account")
            .value(":sk", text(sk))
            .value(":account", text(account.as_str()));
        self.scan(of_it).await
    }

    /// What `filter` lets pass of the whole table, read consistently.
    pub(crate) async fn scan(&self, filter: Condition) -> Result<Vec<Attributes>, StoreError> {
        let mut pages = self
            .client()
            .scan()
            .table_name(self.name())
            .consistent_read(true)
            .set_expression_attribute_names(filter.names())
            .set_expression_attribute_values(filter.values())
            .filter_expression(filter.expression)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| StoreError::of(&error))?);
        }
        Ok(items)
    }

    /// Deletes one item, on condition. Whether it was still to be deleted.
    pub(crate) async fn delete_if(
        &self,
        key: Key,
        condition: &Condition,
    ) -> Result<bool, StoreError> {
        let call = self
            .client()
            .delete_item()
            .table_name(self.name())
            .set_key(Some(attributes(key)))
            .condition_expression(&condition.expression)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values());
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(&error)),
        }
    }
}
