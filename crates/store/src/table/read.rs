//! Strongly consistent reads: one item, some of them, a partition.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::clock::Budget;
use tokio::time::timeout_at;

use super::action::attributes;
use super::client::{CONFLICT_ATTEMPTS, Table, pause};
use super::failure::StoreError;
use super::item::{Attributes, text};
use super::keys::Key;

impl Table {
    /// A strongly consistent read of one item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn get(
        &self,
        key: &Key,
        budget: Budget,
    ) -> Result<Option<Attributes>, StoreError> {
        let call = self
            .client()
            .get_item()
            .table_name(self.name())
            .set_key(Some(attributes(key.clone())))
            .consistent_read(true);
        match timeout_at(budget.end(), call.send()).await {
            Ok(Ok(output)) => Ok(output.item),
            Ok(Err(error)) => Err(StoreError::of(&error)),
            Err(_) => Err(StoreError::OutOfTime),
        }
    }

    /// Strongly consistent reads of some items in one call, `projection` of each. Those
    /// that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn get_all(
        &self,
        places: &[Key],
        projection: &str,
        budget: Budget,
    ) -> Result<Vec<Attributes>, StoreError> {
        let keys = places.iter().cloned().map(attributes);
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .projection_expression(projection)
            .consistent_read(true)
            .build()
            .map_err(|_| StoreError::NotBuilt)?;
        let mut wanted = HashMap::from([(self.name().to_owned(), wanted)]);
        let mut items = Vec::new();
        for attempt in 0..CONFLICT_ATTEMPTS {
            let call = self.client().batch_get_item().set_request_items(Some(wanted));
            let mut output = timeout_at(budget.end(), call.send())
                .await
                .map_err(|_| StoreError::OutOfTime)?
                .map_err(|error| StoreError::of(&error))?;
            items.extend(
                output
                    .responses
                    .as_mut()
                    .and_then(|found| found.remove(self.name()))
                    .unwrap_or_default(),
            );
            // What a throttled partition did not give is asked for again.
            wanted = output.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(items);
            }
            pause(attempt, budget).await;
        }
        Err(StoreError::Endless("keys stayed unprocessed"))
    }

    /// All items of a partition whose sort key begins with `prefix`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn list(
        &self,
        pk: &str,
        prefix: &str,
        budget: Budget,
    ) -> Result<Vec<Attributes>, StoreError> {
        let query = self
            .query(pk, "pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix));
        pages(query, budget).await
    }

    /// All items of a partition.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn partition(
        &self,
        pk: &str,
        budget: Budget,
    ) -> Result<Vec<Attributes>, StoreError> {
        pages(self.query(pk, "pk = :pk"), budget).await
    }

    fn query(&self, pk: &str, condition: &str) -> QueryFluentBuilder {
        self.client()
            .query()
            .table_name(self.name())
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true)
    }
}

/// Every page of a query.
async fn pages(query: QueryFluentBuilder, budget: Budget) -> Result<Vec<Attributes>, StoreError> {
    let mut items = Vec::new();
    let mut next = None;
    loop {
        let call = query.clone().set_exclusive_start_key(next);
        let page = timeout_at(budget.end(), call.send())
            .await
            .map_err(|_| StoreError::OutOfTime)?
            .map_err(|error| StoreError::of(&error))?;
        items.extend(page.items.unwrap_or_default());
        next = page.last_evaluated_key;
        if next.is_none() {
            return Ok(items);
        }
    }
}
