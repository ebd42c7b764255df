//! The SDK's client as this function uses it: one TLS provider, own timeouts,
//! `TransactionConflict` retried, the server's `Date` heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use domain::clock::{Budget, Clock};
use tokio::time::timeout_at;

use super::action::{Action, Update, attributes};
use super::cancelled::Cancelled;
use super::failure::StoreError;
use super::item::Attributes;
use super::keys::Key;
use super::witness::Witness;
use crate::aws::{FIRST_BACKOFF, Sdk};

/// How often a transaction that met another is tried again.
pub(super) const CONFLICT_ATTEMPTS: u32 = 6;

/// The table and the client to reach it.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
    calls: Arc<AtomicU64>,
}

impl Table {
    /// A client for `name`. Nothing is connected before the first call.
    /// `endpoint` is another DynamoDB than AWS's.
    pub fn new(name: &str, sdk: &Sdk, endpoint: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        let witness = Witness { clock, calls: Arc::clone(&calls) };
        let mut config = Builder::from(&sdk.0).interceptor(witness);
        config.set_endpoint_url(endpoint.map(str::to_owned));
        Self { client: Client::from_conf(config.build()), name: name.to_owned(), calls }
    }

    /// The SDK's client, for the calls that stand with what they are about.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// How many calls were made so far, repeated ones included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A conditional update of one item, which comes back as it is afterwards, or
    /// as it was when it refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn update(
        &self,
        key: &Key,
        update: Update,
        budget: Budget,
    ) -> Result<Updated, StoreError> {
        let mut call = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(attributes(key.clone())))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_values(Some(update.values))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
        if !update.names.is_empty() {
            call = call.set_expression_attribute_names(Some(update.names));
        }
        for attempt in 0.. {
            let answer = timeout_at(budget.end(), call.clone().send())
                .await
                .map_err(|_| StoreError::OutOfTime)?;
            let error = match answer {
                Ok(UpdateItemOutput { attributes, .. }) => {
                    return Ok(Updated::Applied(attributes.unwrap_or_default()));
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    return Ok(Updated::Refused(failed.item().cloned()));
                }
                Some(UpdateItemError::TransactionConflictException(_))
                    if attempt + 1 < CONFLICT_ATTEMPTS =>
                {
                    pause(attempt, budget).await;
                }
                _ => return Err(StoreError::of(&error)),
            }
        }
        Err(StoreError::OutOfTime)
    }

    /// Several writes at once, or none of them. `token` makes a repeated call
    /// the same call (at most 36 characters; the actions must be identical).
    ///
    /// `Ok(Err(_))` says why DynamoDB cancelled it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn transact(
        &self,
        token: &str,
        actions: Vec<Action>,
        budget: Budget,
    ) -> Result<Result<(), Cancelled>, StoreError> {
        let actions: Vec<_> =
            actions.into_iter().map(|action| action.build(&self.name)).collect::<Result<_, _>>()?;
        let call = self
            .client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(actions));
        for attempt in 0.. {
            let answer = timeout_at(budget.end(), call.clone().send())
                .await
                .map_err(|_| StoreError::OutOfTime)?;
            let Err(error) = answer else {
                return Ok(Ok(()));
            };
            let conflict = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    match Cancelled::of(cancelled.cancellation_reasons()) {
                        Cancelled::Conflict => true,
                        other => return Ok(Err(other)),
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => true,
                _ => false,
            };
            if !conflict {
                return Err(StoreError::of(&error));
            }
            if attempt + 1 == CONFLICT_ATTEMPTS {
                return Ok(Err(Cancelled::Conflict));
            }
            pause(attempt, budget).await;
        }
        Err(StoreError::OutOfTime)
    }
}

/// What became of an update.
pub(crate) enum Updated {
    /// Applied; the item as it is now.
    Applied(Attributes),
    /// The condition failed; the item as it was, if there is one.
    Refused(Option<Attributes>),
}

/// Waits with full jitter before the next attempt, never past the budget.
pub(super) async fn pause(attempt: u32, budget: Budget) {
    let longest = FIRST_BACKOFF * 2_u32.saturating_pow(attempt.min(5));
    let wait = longest.mul_f64(fastrand::f64()).min(budget.remaining());
    tokio::time::sleep(wait).await;
}
