//! A batch of SQS messages, each with a typed command as its body. Messages of
//! one instance go together, so that one login serves all of their groups.

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::tenant::InstanceId;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::Invocation;
use super::command::{self, Commanded, Delivery, Leave};
use super::object::Object;
use crate::log::shortened;
use crate::service::Service;

/// The queue's event. A pipe sends the records alone, as an array.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    pub(super) records: Vec<Object<Record>>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: Object<Attributes>,
    #[serde(rename = "eventSource")]
    _source: Source,
}

/// Streams, topics and buckets send records too, and are answered otherwise.
#[derive(Debug, Deserialize)]
enum Source {
    #[serde(rename = "aws:sqs")]
    Sqs,
}

/// What SQS says of a message; all of it text.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: Option<String>,
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

/// What the messages of one instance ask for.
#[derive(Default)]
struct Asked {
    identifiers: Vec<String>,
    shares: Vec<Share>,
    /// How often the one delivered most often was delivered.
    received: Option<u64>,
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
    records: Vec<Record>,
    invocation: &Invocation,
    budget: Budget,
) -> Failures {
    let request_id = invocation.request_id.as_str();
    let mut failed = Vec::new();
    let mut instances: BTreeMap<InstanceId, Asked> = BTreeMap::new();
    for Record { message_id, body, attributes: Object(attributes), .. } in records {
        match command::parse(&body) {
            Ok(Commanded::Leave(Leave { instance, identifiers })) => {
                let asked = instances.entry(instance).or_default();
                let received = attributes.approximate_receive_count;
                asked.received = asked.received.max(received.and_then(|times| times.parse().ok()));
                asked.shares.push(Share { message_id, identifiers: identifiers.len() });
                asked.identifiers.extend(identifiers);
            }
            Ok(Commanded::Check) => {
                let id = shortened(&message_id);
                tracing::error!(request_id, message_id = %id, "a check has no place in a queue");
                failed.push(message_id);
            }
            Err(error) => {
                let id = shortened(&message_id);
                tracing::error!(request_id, message_id = %id, %error, "a message holds no command");
                failed.push(message_id);
            }
        }
    }
    let runs = instances.into_iter().map(|(instance, asked)| async move {
        let Asked { identifiers, shares, received } = asked;
        let command = Leave { instance, identifiers };
        let trace_id = invocation.trace_id.as_deref();
        let delivery = Delivery { kind: "batch", request_id, trace_id, received };
        let mut results =
            command::run(service, command, delivery, budget).await.results.into_iter();
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
