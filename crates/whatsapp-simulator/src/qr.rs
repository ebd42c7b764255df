//! What a phone reads off a companion's screen.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wacore::companion_reg::NATIVE_CAMERA_DEEP_LINK_PREFIX;

/// The five fields of the QR text: ref, noise key, identity key, ADV secret, client type
/// (`WAWebLinkDeviceQrcode`; wacore 0.7.0 `PairUtils::make_qr_data`).
pub(crate) struct ScannedQr {
    pub(crate) pairing_ref: String,
    pub(crate) noise_public_key: [u8; 32],
    pub(crate) identity: [u8; 32],
    pub(crate) adv_secret: [u8; 32],
}

/// One digit or, for Android, one letter.
const CLIENT_TYPES: &str = "123456789def";

impl ScannedQr {
    /// Reads the text, with or without the link that a phone's own camera needs before it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let text = text.strip_prefix(NATIVE_CAMERA_DEEP_LINK_PREFIX).unwrap_or(text);
        let fields: Vec<&str> = text.split(',').collect();
        let [pairing_ref, noise, identity, secret, client_type] = fields[..] else {
            return Err("it does not have five fields");
        };
        if pairing_ref.is_empty() {
            return Err("its ref is empty");
        }
        if client_type.len() != 1 || !CLIENT_TYPES.contains(client_type) {
            return Err("its client type is unknown");
        }
        Ok(Self {
            pairing_ref: pairing_ref.to_owned(),
            noise_public_key: key(noise).ok_or("its noise key is not 32 bytes in base64")?,
            identity: key(identity).ok_or("its identity key is not 32 bytes in base64")?,
            adv_secret: key(secret).ok_or("its ADV secret is not 32 bytes in base64")?,
        })
    }
}

fn key(field: &str) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(field).ok()?.try_into().ok()
}
