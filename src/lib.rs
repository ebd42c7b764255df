//! One AWS Lambda function that makes a WhatsApp instance leave a group.
//!
//! The way of a request, top to bottom:
//!
//! | step | room | what it knows |
//! |---|---|---|
//! | event → request | [`entry`] | Lambda's event shapes, HTTP, CORS; nothing of groups |
//! | token, limit → [`gate::Caller`] | [`gate`] | who may ask, how often |
//! | caller → [`order::Order`] | [`order`], [`identifier`] | which instance, which targets |
//! | the operation | [`leave`] | outcomes; neither HTTP nor stanzas |
//! | a session's health | [`check`] | which sessions are due, and how they do |
//! | lease, intents, roster, history | [`session`] | one socket per session, what a crash leaves behind |
//! | from lease to connection | [`connection`] | what a failed login says about a session |
//! | what client we say we are | [`client_version`] | the version that an operator can change |
//! | one short connection | [`whatsapp`] | Noise, stanzas, WhatsApp's codes; no table |
//! | items and calls | [`table`] | DynamoDB; attribute names live in it and in `session`, `gate`, `seal` |
//! | secrets at rest | [`seal`] | the only room that sees a key |
//! | every refusal, once | [`problem`] | status, text, `Retry-After` |
//! | what a caller reads | [`answer`] | the JSON of success and refusal |
//! | what an operator reads | [`report`], [`trace`] | one line and the metrics of each request |
//!
//! [`proxy`] is the address of an instance's own proxy,
//! [`service`] holds what outlives a request, [`aws`] is how AWS is called, [`config`] reads the environment,
//! [`clock`] is the injected time, [`tenant`] names accounts and instances,
//! [`invisible`] knows the characters that nobody sees.

pub mod answer;
pub mod aws;
pub mod check;
pub mod client_version;
pub mod clock;
pub mod config;
pub mod connection;
pub mod credentials;
pub mod entry;
pub mod gate;
pub mod group;
pub mod identifier;
pub mod invisible;
pub mod leave;
pub mod log;
pub mod order;
pub mod problem;
pub mod proxy;
pub mod report;
pub mod seal;
pub mod service;
pub mod session;
pub mod table;
pub mod tenant;
pub mod token;
pub mod trace;
pub mod whatsapp;
