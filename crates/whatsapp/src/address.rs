//! Where WhatsApp is, and how it proves to be WhatsApp.

use domain::client_version::ClientVersion;

/// WhatsApp's endpoint for linked devices (`wacore::net::WHATSAPP_WEB_WS_URL`).
pub const URL: &str = wacore::net::WHATSAPP_WEB_WS_URL;
/// The Noise root key that signs WhatsApp's certificates (`wacore::handshake::WA_CERT_PUB_KEY`).
pub const ROOT_KEY: [u8; 32] = wacore::handshake::WA_CERT_PUB_KEY;

/// Where and how to reach WhatsApp.
#[derive(Debug, Clone)]
pub struct WhatsApp {
    /// The WebSocket's address.
    pub url: String,
    /// The Noise root key that signs WhatsApp's certificates.
    pub root_key: [u8; 32],
    /// The version shown at login.
    pub version: ClientVersion,
}
