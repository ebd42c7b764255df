//! Which sessions are due for a check.
//!
//! WhatsApp logs a linked device out after 30 days without activity (its FAQ on
//! linked devices), so each session logs in now and then. The sessions that can
//! log in stand in an index by the time of their next check; one that is logged
//! out is in no index until it is linked again. A leave writes `seen_at`, which no
//! index has, so that the request path pays for no index: a check that finds a
//! session seen lately only moves its due time.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use tokio::time::timeout_at;

use super::Sessions;
use crate::clock::{Budget, UnixMillis};
use crate::table::{Corrupt, Item, StoreError, Update, index, keys, number, text};
use crate::tenant::{InstanceId, InstanceName};

/// The index's one partition. Only checks and links write it, so it stays cold.
pub(super) const DUE: &str = "DUE";
/// Shortest time between two checks of one session.
const INTERVAL: Duration = Duration::from_hours(7 * 24);
/// What is added at random, so that sessions that were linked together are not
/// checked together for ever.
const JITTER: Duration = Duration::from_hours(3 * 24);

/// Sessions that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Those to check now, the longest due first.
    pub instances: Vec<InstanceId>,
    /// How many are due in all.
    pub total: u64,
}

/// Whether a session seen at `seen` need not be checked at `now`.
pub fn is_fresh(seen: UnixMillis, now: UnixMillis) -> bool {
    now.since(seen) < INTERVAL
}

/// When a session that was seen at `seen` is due next: 7 to 10 days later.
pub fn next(seen: UnixMillis) -> UnixMillis {
    seen.plus(INTERVAL).plus(JITTER.mul_f64(fastrand::f64()))
}

impl Sessions {
    /// The sessions that are due, at most `most` of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, most: i32, budget: Budget) -> Result<Due, StoreError> {
        let now = self.clock.now();
        let query = || {
            self.table
                .client()
                .query()
                .table_name(self.table.name())
                .index_name(index::BY_DUE)
                .key_condition_expression("due = :due AND due_at <= :now")
                .expression_attribute_values(":due", text(DUE))
                .expression_attribute_values(":now", number(now.0))
        };
        let first = timeout_at(budget.end(), query().limit(most).send())
            .await
            .map_err(|_| StoreError::out_of_time())?
            .map_err(|error| StoreError::of(&error))?;
        let items = first.items.unwrap_or_default();
        let instances: Vec<InstanceId> =
            items.iter().map(|item| instance(Item(item))).collect::<Result<_, _>>()?;
        let mut total = u64::try_from(instances.len()).unwrap_or(u64::MAX);
        let mut next = first.last_evaluated_key;
        while next.is_some() {
            let call = query().select(Select::Count).set_exclusive_start_key(next);
            let page = timeout_at(budget.end(), call.send())
                .await
                .map_err(|_| StoreError::out_of_time())?
                .map_err(|error| StoreError::of(&error))?;
            total += u64::try_from(page.count).unwrap_or_default();
            next = page.last_evaluated_key;
        }
        Ok(Due { instances, total })
    }
}

impl Sessions {
    /// Moves a session's next check without its lease: the due time is nobody's
    /// secret, and a session that cannot be taken must not stand at the head of
    /// the index for ever. `None`: it is checked no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postpone(
        &self,
        instance: &InstanceId,
        next: Option<UnixMillis>,
        budget: Budget,
    ) -> Result<(), StoreError> {
        let (expression, values) = match next {
            Some(next) => (
                "SET due_at = :due_at",
                HashMap::from([(":due_at".to_owned(), number(next.0)), due_value()]),
            ),
            None => ("REMOVE due, due_at", HashMap::from([due_value()])),
        };
        let update = Update {
            expression: expression.to_owned(),
            condition: "due = :due".to_owned(),
            names: HashMap::new(),
            values,
        };
        // Refused: it was unlinked or deleted meanwhile, and is due no more.
        self.table.update(&keys::session(instance), update, budget).await.map(|_| ())
    }
}

fn due_value() -> (String, AttributeValue) {
    (":due".to_owned(), text(DUE))
}

fn instance(item: Item<'_>) -> Result<InstanceId, StoreError> {
    Ok(InstanceId {
        account: item.text("account")?.parse().map_err(|_| Corrupt("account"))?,
        name: InstanceName::of_stored(item.text("instance")?).map_err(|_| Corrupt("instance"))?,
    })
}
