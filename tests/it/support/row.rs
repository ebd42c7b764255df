//! What a row of `docs/contract.md` answers, and that an answer is exactly that.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::event::{Reply, Request, Shape};
use super::rig::{ORIGIN, Process, envelope, success};

/// What a row answers.
#[derive(Debug, Clone)]
pub struct Row {
    status: u16,
    body: String,
    /// Whether the token was recognised, so that the limit's headers are there.
    counted: bool,
    retry_after: Option<RangeInclusive<u64>>,
    /// Headers that this row alone has.
    own: &'static [(&'static str, &'static str)],
}

/// A refusal.
pub fn row(status: u16, message: &str) -> Row {
    Row { status, body: envelope(message), counted: true, retry_after: None, own: &[] }
}

impl Row {
    /// Row 3.
    pub fn preflight() -> Self {
        Self { body: String::new(), ..row(204, "").uncounted() }
    }

    /// Row 23.
    pub fn success(jid: &str) -> Self {
        Self { body: success(jid), ..row(200, "") }
    }

    pub fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    pub fn retry_after(self, seconds: RangeInclusive<u64>) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub fn with(self, own: &'static [(&'static str, &'static str)]) -> Self {
        Self { own, ..self }
    }
}

/// What a page of the listed origin may read and send.
pub const CORS: [(&str, &str); 5] = [
    ("access-control-allow-origin", ORIGIN),
    ("access-control-allow-methods", "DELETE, OPTIONS"),
    ("access-control-allow-headers", "Content-Type, Authorization, token, Idempotency-Key"),
    (
        "access-control-expose-headers",
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id, Idempotent-Replayed",
    ),
    ("access-control-max-age", "600"),
];

/// Sends one request as a page of the listed origin, and asserts everything that the
/// contract says of the answer.
pub async fn assert_row(process: &Process, request: &Request, shape: Shape, row: Row) -> Reply {
    let reply = process.send(&request.clone().header("Origin", ORIGIN), shape).await;
    assert_reply(&reply, &row, &CORS, &format!("{shape:?} {request:?}"));
    reply
}

/// The same of an answer that is there, with these headers for its origin.
pub fn assert_reply(reply: &Reply, row: &Row, cors: &[(&str, &str)], context: &str) {
    let context = format!("{context}\n{row:?}\n{reply:?}");
    assert_eq!((reply.status, &reply.body), (row.status, &row.body), "{context}");
    let mut expected: BTreeMap<&str, &str> =
        BTreeMap::from([("cache-control", "no-store"), ("vary", "Origin")]);
    expected.extend(cors.iter().copied());
    expected.extend(row.own.iter().copied());
    if !row.body.is_empty() {
        expected.insert("content-type", "application/json");
    }
    for (name, value) in &expected {
        assert_eq!(reply.header(name), Some(*value), "{name}: {context}");
    }
    let mut names: Vec<&str> = expected.into_keys().chain(["x-request-id"]).collect();
    assert!(reply.header("x-request-id").is_some_and(|id| id.len() >= 16), "{context}");
    if row.counted {
        names.extend(["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]);
        assert!(
            reply.number("x-ratelimit-remaining") < reply.number("x-ratelimit-limit"),
            "{context}"
        );
        assert_eq!(reply.number("x-ratelimit-reset") % 60, 0, "{context}");
    }
    if let Some(seconds) = &row.retry_after {
        names.push("retry-after");
        assert!(seconds.contains(&reply.number("retry-after")), "{context}");
    }
    names.sort_unstable();
    assert_eq!(reply.header_names(), names, "{context}");
}
