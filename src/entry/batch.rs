//! A batch of SQS messages, each with a typed command as its body. Messages of
//! one instance go together, so that one login serves all of their groups.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::command::{self, Leave};
use crate::clock::Budget;
use crate::service::Service;
use crate::tenant::InstanceId;

/// The event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

/// The messages that SQS has to deliver again. What fails for good after the
/// queue's own number of attempts ends in its dead-letter queue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failures {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// Which message asked for which part of an instance's identifiers.
struct Share {
    message_id: String,
    identifiers: usize,
}

/// Carries the batch out. A message fails when one of its results can end
/// otherwise later: delivered again, what was done answers 404 and is final.
pub(super) async fn run(
    service: &Service,
    batch: Batch,
    request_id: &str,
    budget: Budget,
) -> Failures {
    let mut failed = Vec::new();
    let mut instances: HashMap<InstanceId, (Vec<String>, Vec<Share>)> = HashMap::new();
    for Record { message_id, body } in batch.records {
        match command::parse(&body) {
            Ok(Leave { instance, identifiers }) => {
                let (all, shares) = instances.entry(instance).or_default();
                shares.push(Share { message_id, identifiers: identifiers.len() });
                all.extend(identifiers);
            }
            Err(error) => {
                tracing::error!(request_id, message_id, %error, "a message holds no command");
                failed.push(message_id);
            }
        }
    }
    let runs = instances.into_iter().map(|(instance, (identifiers, shares))| async move {
        let command = Leave { instance, identifiers };
        let mut results =
            command::run(service, command, request_id, budget).await.results.into_iter();
        let mut failed = Vec::new();
        for Share { message_id, identifiers } in shares {
            // Every result is taken, so that the next message finds its own.
            let retry = results.by_ref().take(identifiers).filter(|result| result.is_retryable);
            if retry.count() > 0 {
                failed.push(message_id);
            }
        }
        failed
    });
    failed.extend(join_all(runs).await.into_iter().flatten());
    let failed = failed.into_iter().map(|item_identifier| Failure { item_identifier });
    Failures { batch_item_failures: failed.collect() }
}
