//! The client version that a login shows to WhatsApp.

use std::fmt;
use std::str::FromStr;

/// Client version shown at login when `WHATSAPP_VERSION` is not set.
pub const CONFIGURED_BY_DEFAULT: ClientVersion = ClientVersion([2, 3000, 1_042_742_319]);

/// A client version `2.3000.N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientVersion(pub [u32; 3]);

/// The text is no client version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client version looks like 2.3000.1042742319")]
pub struct NotAVersion;

impl FromStr for ClientVersion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        numbers.ok().and_then(|numbers| numbers.try_into().ok()).map(Self).ok_or(NotAVersion)
    }
}

impl fmt::Display for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [primary, secondary, tertiary] = self.0;
        write!(f, "{primary}.{secondary}.{tertiary}")
    }
}
