//! What a login needs of a linked device, once opened.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::proxy::Proxy;

/// A linked device's own JID, `user:device@s.whatsapp.net`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DeviceJid {
    user: u64,
    device: u16,
}

/// The text is no `user:device@s.whatsapp.net`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a linked device's JID")]
pub struct NotADeviceJid;

impl DeviceJid {
    /// The phone number, digits only.
    pub fn user(&self) -> u64 {
        self.user
    }

    /// The device's number, from 1.
    pub fn device(&self) -> u16 {
        self.device
    }
}

impl FromStr for DeviceJid {
    type Err = NotADeviceJid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (device, server) = text.split_once('@').ok_or(NotADeviceJid)?;
        let (user, device) = device.split_once(':').ok_or(NotADeviceJid)?;
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if server != "s.whatsapp.net" || !plain(user) || !plain(device) {
            return Err(NotADeviceJid);
        }
        Ok(Self {
            user: user.parse().map_err(|_| NotADeviceJid)?,
            device: device.parse().map_err(|_| NotADeviceJid)?,
        })
    }
}

impl fmt::Display for DeviceJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}@s.whatsapp.net", self.user, self.device)
    }
}

impl fmt::Debug for DeviceJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A session's secret part. Its key is wiped when dropped and is in no `Debug` output.
pub struct Credentials {
    /// The Noise static private key, 32 bytes.
    pub noise_private_key: Zeroizing<[u8; 32]>,
    /// Our own JID.
    pub device: DeviceJid,
    /// Our own LID without its device part, to find ourselves in LID-addressed groups.
    pub lid: Option<String>,
    /// The proxy that this instance's connections go through.
    pub proxy: Option<Proxy>,
}

/// The stored form, before sealing. `v` is for the day that it changes.
#[derive(Serialize, Deserialize)]
struct Stored {
    v: u8,
    noise_private_key: Zeroizing<String>,
    jid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<Zeroizing<String>>,
}

/// What was opened is no stored credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the opened value holds no credentials")]
pub struct Unreadable;

impl Credentials {
    /// The bytes to seal.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let stored = Stored {
            v: 1,
            noise_private_key: Zeroizing::new(hex::encode(self.noise_private_key.as_slice())),
            jid: self.device.to_string(),
            lid: self.lid.clone(),
            proxy: self.proxy.as_ref().map(Proxy::to_text),
        };
        // Five plain fields: there is nothing in them that JSON cannot hold.
        Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
    }

    /// Back from opened bytes.
    ///
    /// # Errors
    /// [`Unreadable`] when they are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(|_| Unreadable)?;
        let mut noise_private_key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(stored.noise_private_key.as_bytes(), noise_private_key.as_mut_slice())
            .map_err(|_| Unreadable)?;
        if stored.v != 1 {
            return Err(Unreadable);
        }
        Ok(Self {
            noise_private_key,
            device: stored.jid.parse().map_err(|_| Unreadable)?,
            lid: stored.lid,
            proxy: stored.proxy.map(|proxy| proxy.parse()).transpose().map_err(|_| Unreadable)?,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("device", &self.device).finish_non_exhaustive()
    }
}
