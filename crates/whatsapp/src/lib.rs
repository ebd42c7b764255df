//! One short WhatsApp connection, in stages that each take the one before.
//!
//! ```text
//! Dialer::greet → Greeted    TCP, TLS, WebSocket, Noise up to the server's verified hello
//! Greeted::login → Online    the login's last message, passive, and `<success>`
//! Online::invite, metadata, leave
//! Online::close              awaited, so that a frozen environment holds no half-open socket
//! ```
//!
//! `greet` takes no credentials, so it can run beside the session's read.
//! Dropping any stage closes its socket. Nothing here knows the table.

#![allow(clippy::disallowed_methods, reason = "the wall that the rule keeps is this crate's own")]

mod address;
mod certificate;
mod dial;
mod failure;
mod greet;
mod groups;
mod leave_stanza;
mod login;
mod measure;
mod network;
mod online;
mod participating;
mod pause;
mod probe;
mod refusal;
mod socket;
mod stanza;
mod tunnel;
mod upgrade;

pub use address::{ROOT_KEY, URL, WhatsApp};
pub use certificate::CertificateFault;
pub use dial::{Dialer, tls_config};
pub use failure::{Failure, LoginFailure, Step, StreamError};
pub use greet::Greeted;
pub use groups::{InviteError, Metadata, MetadataError};
pub use leave_stanza::{Confirmed, LeaveError, TargetReply};
pub use login::Abandoned;
pub use network::{Network, Opening, Tcp, Wire};
pub use online::{CLOSING, Online};
pub use participating::{Listed, Participating};
pub use pause::Pause;
pub use probe::VersionVerdict;
pub use refusal::Refusal;
