//! From one invocation's raw JSON to its answer.
//!
//! The runtime and the local front call [`handle`], and nothing else.

mod batch;
mod check;
mod command;
mod event;
mod http;
mod path;
mod reply;

use std::time::Duration;

use serde_json::value::RawValue;

use crate::clock::Budget;
use crate::service::Service;
use crate::table::StoreError;
use command::{Commanded, Delivery};
use event::Kind;

/// Longest run. An HTTP API cuts at 30 s, whatever the function's own timeout
/// is, and a lease covers this time and no longer.
const LONGEST_RUN: Duration = Duration::from_secs(25);
/// Kept back for the answer's own way out of the function.
const ANSWERING: Duration = Duration::from_millis(150);

/// What the runtime tells about an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// X-Ray's trace header.
    pub trace_id: Option<String>,
    /// How long until Lambda kills the environment.
    pub remaining: Duration,
}

/// An event that is not answered, but refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is of no kind that this function serves.
    #[error(
        "unknown event: expected an HTTP request of API Gateway (REST or HTTP API), \
         of an Application Load Balancer or of a Function URL, a batch of SQS messages, \
         or a command like {COMMAND} or {CHECK}"
    )]
    Unknown,
    /// A command that cannot be read.
    #[error("{0}; expected one like {COMMAND} or {CHECK}")]
    Command(String),
    /// The sessions to check cannot be listed. The next scheduled check tries again.
    #[error("the sessions that are due cannot be listed: {0}")]
    Due(#[from] StoreError),
}

/// A command, for those whose own is none.
const COMMAND: &str = r#"{"action":"leave","account":"acme","instance":"sales","identifiers":["120363406289005073@g.us"]}"#;

/// The other command.
const CHECK: &str = r#"{"action":"check"}"#;

/// Answers one invocation.
///
/// # Errors
/// [`EntryError`]. Everything else, a panic included, is an answer.
pub async fn handle(
    service: &Service,
    event: &RawValue,
    invocation: Invocation,
) -> Result<Box<RawValue>, EntryError> {
    let budget = Budget::of(invocation.remaining).keeping(ANSWERING).at_most(LONGEST_RUN);
    match event::kind(event) {
        Kind::Http(origin) => {
            let request = event::request(event, origin, &invocation);
            // Boxed: the way of a request is one deep future, and its layout costs
            // the compiler more than an allocation costs a request.
            let answer = Box::pin(http::answer(service, request, &invocation, budget)).await;
            Ok(reply::write(origin, answer))
        }
        Kind::Batch(batch) => {
            let failures = Box::pin(batch::run(service, batch, &invocation, budget)).await;
            Ok(reply::json(&failures))
        }
        Kind::Command => {
            let command = command::parse(event.get())
                .map_err(|error| EntryError::Command(error.to_string()))?;
            let delivery = Delivery {
                kind: "command",
                request_id: &invocation.request_id,
                trace_id: invocation.trace_id.as_deref(),
                received: None,
            };
            match command {
                Commanded::Leave(leave) => {
                    let running = command::run(service, leave, delivery, budget);
                    Ok(reply::json(&Box::pin(running).await))
                }
                Commanded::Check => {
                    let delivery = Delivery { kind: "check", ..delivery };
                    let summary = Box::pin(check::run(service, delivery, budget)).await?;
                    Ok(reply::json(&summary))
                }
            }
        }
        Kind::Unknown => Err(EntryError::Unknown),
    }
}
