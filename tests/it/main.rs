//! Behaviour, over the wire: real events in, DynamoDB's protocol and WhatsApp's
//! frames underneath. One file per behaviour.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

mod batches;
mod certificates;
mod checks;
mod client_version;
mod clock;
mod commands;
mod config;
mod contract;
mod cost;
mod crashes;
mod deadline;
mod events;
mod failures;
mod fencing;
mod foretelling;
mod forged_items;
mod full_windows;
mod fuzz;
mod generations;
mod hostile_http;
mod idempotency;
mod identifiers;
mod intent_age;
mod kms;
mod late_portions;
mod lease;
mod lid;
mod logins;
mod memory;
mod names;
mod observability;
mod open_intents;
mod outcomes;
mod pages;
mod proxies;
mod queue;
mod rate_limit;
mod refusal_places;
mod refusals;
mod reliability;
mod renewed_intents;
mod sealing;
mod secrets;
mod shared_time;
mod spent;
mod storage;
mod template;
mod tenants;
mod token_end;
mod truth;
mod two_releases;
mod unreadable;
mod visits;
mod waiting_times;
