//! From one invocation's raw JSON to its answer.
//!
//! The runtime calls [`take`], the local front [`handle`], and nothing else.

mod batch;
mod command;
mod encoding;
mod error;
mod health_check;
mod http;
mod kind;
mod object;
mod path;
mod payload;
mod reply;
mod request;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::clock::Budget;
use domain::lease::LEASE;
use futures_util::FutureExt;
use serde_json::value::RawValue;

use crate::service::Service;
use command::{Commanded, Delivery};
pub use error::EntryError;
use kind::Kind;
pub use payload::Payload;

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

/// Answers one invocation. One that fails leaves one line, at ERROR.
///
/// # Errors
/// [`EntryError`]. Everything else is an answer.
pub async fn handle(
    service: &Service,
    event: &RawValue,
    invocation: Invocation,
) -> Result<Box<RawValue>, EntryError> {
    let answering = AssertUnwindSafe(answer(service, event, &invocation));
    let answered = answering.catch_unwind().await.unwrap_or(Err(EntryError::Panicked));
    answered.inspect_err(|error| error.log(&invocation.request_id))
}

/// The same for what Lambda hands over, which may be no JSON.
///
/// # Errors
/// [`EntryError`].
pub async fn take(
    service: &Service,
    payload: Payload,
    invocation: Invocation,
) -> Result<Box<RawValue>, EntryError> {
    match payload.0 {
        Ok(event) => handle(service, &event, invocation).await,
        Err(reason) => {
            let error = EntryError::NotJson(reason);
            error.log(&invocation.request_id);
            Err(error)
        }
    }
}

async fn answer(
    service: &Service,
    event: &RawValue,
    invocation: &Invocation,
) -> Result<Box<RawValue>, EntryError> {
    let budget = Budget::of(invocation.remaining).keeping(LEASE.answering).at_most(LEASE.run);
    match kind::kind(event) {
        Kind::Http(origin) => {
            let request = request::request(event, origin, invocation);
            // Boxed: the way of a request is one deep future, and its layout costs
            // the compiler more than an allocation costs a request.
            let answer = Box::pin(http::answer(service, request, invocation, budget)).await;
            Ok(reply::write(origin, answer))
        }
        Kind::Batch(records) => {
            let failures = Box::pin(batch::run(service, records, invocation, budget)).await;
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
                    let summary = Box::pin(health_check::run(service, delivery, budget)).await?;
                    Ok(reply::json(&summary))
                }
            }
        }
        Kind::Unknown => Err(EntryError::Unknown),
    }
}
