//! Linking over the wire, against the simulated WhatsApp and its phone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod account;
mod code;
mod first_login;
mod qr;
mod refusal;
mod unlinking;
