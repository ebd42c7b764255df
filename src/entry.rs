//! From one invocation's raw JSON to its answer.
//!
//! The runtime and the local front call [`handle`], and nothing else.

mod event;
mod http;
mod path;
mod reply;

use std::time::Duration;

use serde_json::value::RawValue;

use crate::clock::Budget;
use crate::service::Service;

/// Longest run for one HTTP request: an HTTP API cuts at 30 s, whatever the
/// function's own timeout is.
const HTTP_BUDGET: Duration = Duration::from_secs(25);
/// Kept back for the answer's own way out of the function.
const ANSWERING: Duration = Duration::from_millis(150);

/// What the runtime tells about an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// How long until Lambda kills the environment.
    pub remaining: Duration,
}

/// The event is none that this function serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown event: expected an HTTP request of API Gateway (REST or HTTP API), \
     of an Application Load Balancer or of a Function URL"
)]
pub struct UnknownEvent;

/// Answers one invocation.
///
/// # Errors
/// [`UnknownEvent`]. Everything else, a panic included, is an HTTP answer.
pub async fn handle(
    service: &Service,
    event: &RawValue,
    invocation: Invocation,
) -> Result<Box<RawValue>, UnknownEvent> {
    let origin = event::origin(event).ok_or(UnknownEvent)?;
    let budget = Budget::of(invocation.remaining).keeping(ANSWERING).at_most(HTTP_BUDGET);
    let request = event::request(event, origin, &invocation);
    // Boxed: the way of a request is one deep future, and its layout costs the
    // compiler more than an allocation costs a request.
    let answer = Box::pin(http::answer(service, request, budget)).await;
    Ok(reply::write(origin, answer))
}
