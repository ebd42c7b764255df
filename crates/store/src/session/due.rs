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
use domain::clock::{Budget, UnixMillis};
use domain::tenant::InstanceId;
use tokio::time::timeout_at;

use super::Sessions;
use crate::rows::session::DUE;
use crate::table::index::BY_DUE;
use crate::table::{Corrupt, Item, StoreError, Update, keys, number, owner, text};

/// Shortest time between two checks of one session.
const INTERVAL: Duration = Duration::from_hours(7 * 24);
/// What is added at random, so that sessions that were linked together are not
/// checked together for ever.
const JITTER: Duration = Duration::from_hours(3 * 24);

/// A session that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSession {
    /// Whose it is.
    pub instance: InstanceId,
    /// Since when it is due, as the index has it.
    pub at: UnixMillis,
}

/// Sessions that are due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// Those to check now, the longest due first.
    pub sessions: Vec<DueSession>,
    /// How many can be read and are due in all.
    pub total: u64,
    /// Rows of the index that name no instance; they are passed over.
    pub unreadable: u64,
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
    /// The sessions that are due, at most `most` of them. A row that cannot be read is
    /// counted, and keeps no other from being found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, most: usize, budget: Budget) -> Result<Due, StoreError> {
        let now = self.clock.now();
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .index_name(BY_DUE.name)
            .key_condition_expression(format!(
                "{} = :due AND {} <= :now",
                BY_DUE.partition, BY_DUE.sort
            ))
            .expression_attribute_values(":due", text(DUE))
            .expression_attribute_values(":now", number(now.0));
        let mut due = Due::default();
        let mut next = None;
        loop {
            let wanted = most.saturating_sub(due.sessions.len());
            let call = query.clone().set_exclusive_start_key(next);
            let call = match i32::try_from(wanted) {
                Ok(0) => call.select(Select::Count),
                limit => call.set_limit(limit.ok()),
            };
            let page = timeout_at(budget.end(), call.send())
                .await
                .map_err(|_| StoreError::OutOfTime)?
                .map_err(|error| StoreError::of(&error))?;
            if wanted == 0 {
                due.total += u64::try_from(page.count).unwrap_or_default();
            }
            for item in page.items() {
                match session(Item(item)) {
                    Ok(session) => {
                        due.sessions.push(session);
                        due.total += 1;
                    }
                    Err(error) => {
                        let key = Item(item).optional_text("pk").unwrap_or_default();
                        tracing::error!(%error, key, "a session that is due cannot be read");
                        due.unreadable += 1;
                    }
                }
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(due);
            }
        }
    }

    /// Moves a session's next check without its lease: the due time is nobody's
    /// secret, and a session that cannot be taken must not stand at the head of
    /// the index for ever. `None`: it is checked no more. One that is due at another
    /// time than was read was checked or linked again meanwhile, and is left alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postpone(
        &self,
        due: &DueSession,
        next: Option<UnixMillis>,
        budget: Budget,
    ) -> Result<(), StoreError> {
        let mut values = HashMap::from([due_value(), (":read".to_owned(), number(due.at.0))]);
        let expression = match next {
            Some(next) => {
                values.insert(":due_at".to_owned(), number(next.0));
                "SET due_at = :due_at"
            }
            None => "REMOVE due, due_at",
        };
        let update = Update {
            expression: expression.to_owned(),
            condition: "due = :due AND due_at = :read".to_owned(),
            names: HashMap::new(),
            values,
        };
        // Refused: whoever changed it wrote its due time, or took it away.
        self.table.update(&keys::session(&due.instance), update, budget).await.map(|_| ())
    }
}

fn due_value() -> (String, AttributeValue) {
    (":due".to_owned(), text(DUE))
}

fn session(item: Item<'_>) -> Result<DueSession, Corrupt> {
    Ok(DueSession { instance: owner(item)?, at: UnixMillis(item.number(BY_DUE.sort)?) })
}
