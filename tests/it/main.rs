//! Behaviour, over the wire: real events in, DynamoDB's protocol and WhatsApp's
//! frames underneath. One file per behaviour.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

mod certificates;
mod config;
mod contract;
mod cost;
mod events;
mod hostile_http;
mod idempotency;
mod identifiers;
mod lease;
mod logins;
mod rate_limit;
mod refusals;
mod sealing;
mod secrets;
mod storage;
mod truth;
