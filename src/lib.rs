//! One AWS Lambda function that makes a WhatsApp instance leave a group.
//!
//! The way of a request, top to bottom:
//!
//! | step | room | what it knows |
//! |---|---|---|
//! | event → request | [`entry`] | Lambda's event shapes, HTTP, CORS; nothing of groups |
//! | token, limit → [`Caller`](store::gate::Caller) | [`store::gate`] | who may ask, how often |
//! | caller → [`Order`](operation::order::Order) | [`operation::order`], [`domain::identifier`] | which instance, which targets |
//! | the operation | [`operation::leave`] | outcomes; neither HTTP nor stanzas |
//! | a session's health | [`operation::check`] | which sessions are due, and how they do |
//! | lease, intents, roster, history | [`store::session`] | one socket per session, what a crash leaves behind |
//! | one short connection | `whatsapp` | Noise, stanzas, WhatsApp's codes; no table |
//! | secrets at rest | [`store::seal`] | the only room that sees a key |
//! | every refusal, once | [`domain::problem`] | status, text, `Retry-After` |
//! | what a caller reads | [`answer`] | the JSON of success and refusal |
//! | what an operator reads | [`report`], [`domain::trace`] | one line and the metrics of each request |
//!
//! [`service`] holds what outlives a request, [`config`] reads the environment, [`log`]
//! writes lines.

pub mod answer;
pub mod config;
pub mod entry;
pub mod log;
pub mod report;
pub mod service;
