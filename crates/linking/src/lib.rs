//! Links a new WhatsApp device of our own, and unlinks it, over the function's own
//! connection stages. Knows no terminal and no table.
//!
//! ```text
//! pair            → Paired     a QR code or a pairing code, until the phone has taken the device
//! Paired::finish  → ()         the first login: keys for the phone, its first messages
//! Paired::resumed → Paired     the same in another run, by the keys that were kept
//! link                         both
//! unlink                       takes the device off the account
//! ```
//!
//! Inside: `companion` is the device's keys, `conversation` one connection with its pings and
//! acknowledgements, `prompt` what WhatsApp says to a device that is being linked, `qr` and `code`
//! the two ways to the phone, `proof` the check that it is the phone that answered, `first_login`
//! what follows, with `keys`, `inbox` and `signal`, `kept_keys` its keys as bytes.

#![allow(
    clippy::disallowed_methods,
    reason = "linking speaks a part of WhatsApp's protocol of its own"
)]

mod code;
mod companion;
mod conversation;
mod error;
mod event;
mod first_login;
mod inbox;
mod kept_keys;
mod keys;
mod pairing;
mod phone;
mod prompt;
mod proof;
mod qr;
mod signal;
mod timing;
mod unlink;

pub use error::{LinkError, Unfinished};
pub use event::{Event, FirstLogin};
pub use kept_keys::NotKeys;
pub use pairing::{Linked, Method, Paired, link, pair};
pub use phone::{NotAPhoneNumber, PhoneNumber};
pub use timing::Timing;
pub use unlink::unlink;
