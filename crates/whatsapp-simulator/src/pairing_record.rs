//! What was seen of a client that registered.

use wacore_binary::Node;

use crate::stanza::text;

/// One registration, from its payload to whatever came of it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Pairing {
    /// The number of the connection, counted from 1.
    pub connection: u64,
    /// The system's name in the device properties.
    pub os: String,
    /// The platform in the device properties, such as `CHROME`.
    pub platform: String,
    /// The client's version, such as `2.3000.1`.
    pub version: String,
    /// Whether `<pair-device>` was acknowledged.
    pub acknowledged: bool,
    /// Pings that the server sent.
    pub pings_sent: usize,
    /// Pings of the server that the client answered.
    pub pings_answered: usize,
    /// Requests for a code to be accepted, good ones.
    pub hellos: Vec<CodeRequest>,
    /// Answers to `companion_hello`'s second half: key bundles that came for a typed code.
    pub finishes: usize,
    /// What the client answered to `<pair-success>`.
    pub answers: Vec<PairingAnswer>,
    /// The device that it became.
    pub device: Option<String>,
}

/// What a client said of itself in `companion_hello`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRequest {
    /// The number it wants to be linked to.
    pub phone: String,
    /// `companion_platform_id`.
    pub platform_id: String,
    /// `companion_platform_display`, such as `Chrome (Linux)`.
    pub platform_display: String,
}

/// An answer to `<pair-success>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairingAnswer {
    /// A `<pair-device-sign>` that verifies.
    Signed,
    /// An error, such as 401 `hmac-mismatch`, 401 `signature-mismatch` or 500.
    Refused {
        /// The error's code.
        code: u16,
        /// The error's text.
        text: String,
    },
    /// A `<pair-device-sign>` that does not verify, and why.
    Unsound(&'static str),
}

impl PairingAnswer {
    /// Reads `<iq type="error"><error code text/></iq>`.
    pub(crate) fn refusal(reply: &Node) -> Option<(u16, String)> {
        if text(reply, "type").as_deref() != Some("error") {
            return None;
        }
        let error = reply.get_optional_child("error");
        let code = error.and_then(|error| text(error, "code")?.parse().ok()).unwrap_or(0);
        Some((code, error.and_then(|error| text(error, "text")).unwrap_or_default()))
    }
}
