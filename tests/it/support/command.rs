//! Typed commands to the function in this process, and their results.

use std::time::Duration;

use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What `acme/sales` answers to a command, identifier by identifier: status and message.
pub async fn leave_all(service: &Service, identifiers: &[&str]) -> Vec<(u64, String)> {
    leave_all_within(service, identifiers, Duration::from_secs(29)).await
}

/// The same, with less time until Lambda would end it.
pub async fn leave_all_within(
    service: &Service,
    identifiers: &[&str],
    remaining: Duration,
) -> Vec<(u64, String)> {
    let event = json!({
        "action": "leave", "account": "acme", "instance": "sales", "identifiers": identifiers,
    });
    let event = RawValue::from_string(event.to_string()).unwrap();
    let invocation = Invocation { request_id: "request".to_owned(), trace_id: None, remaining };
    let answer = entry::handle(service, &event, invocation).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    let results = answer["results"].as_array().unwrap().iter().map(|result| {
        (result["status"].as_u64().unwrap(), result["message"].as_str().unwrap().to_owned())
    });
    results.collect()
}

/// The statuses alone.
pub fn statuses(results: &[(u64, String)]) -> Vec<u64> {
    results.iter().map(|(status, _)| *status).collect()
}
