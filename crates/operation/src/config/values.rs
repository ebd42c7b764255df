//! Each variable's text, turned into what it stands for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::client_version::ClientVersion;
use store::seal::{KmsKeyArn, SealingKey};
use zeroize::Zeroizing;

use super::ConfigError;

pub(super) fn sealing_key(text: &str) -> Result<SealingKey, ConfigError> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| ConfigError::Malformed {
        variable: "SEALING_KEY",
        got: format!("a text of {} bytes", text.len()),
        expects: "32 bytes in base64",
    })?;
    Ok(SealingKey(Zeroizing::new(key)))
}

/// What was given, unless it may have a user and a password in it.
fn shown(text: &str) -> String {
    if text.contains('@') { format!("a text of {} bytes", text.len()) } else { format!("`{text}`") }
}

/// `ws://` has no TLS, so it is for a WhatsApp on this machine only.
pub(super) fn whatsapp_url(text: String) -> Result<String, ConfigError> {
    let uri = text.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    match uri.as_ref().and_then(|uri| uri.scheme_str()) {
        Some("wss") if !host.is_empty() => Ok(text),
        Some("ws") if loopback => Ok(text),
        _ => Err(ConfigError::Malformed {
            variable: "WHATSAPP_URL",
            got: shown(&text),
            expects: "a wss:// address, or ws:// to loopback",
        }),
    }
}

pub(super) fn root_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| ConfigError::Malformed {
        variable: "WHATSAPP_ROOT_KEY",
        got: shown(text),
        expects: "64 hex digits",
    })?;
    Ok(key)
}

pub(super) fn version(text: &str) -> Result<ClientVersion, ConfigError> {
    text.parse().map_err(|_| ConfigError::Malformed {
        variable: "WHATSAPP_VERSION",
        got: shown(text),
        expects: "a client version like 2.3000.1042742319",
    })
}

pub(super) fn kms_key_arn(text: &str) -> Result<KmsKeyArn, ConfigError> {
    text.parse().map_err(|_| ConfigError::Malformed {
        variable: "SEALING_KEY_ARN",
        got: shown(text),
        expects: "the ARN of a KMS key, like arn:aws:kms:eu-west-1:111122223333:key/…",
    })
}

pub(super) fn lease_wait(text: &str) -> Result<Duration, ConfigError> {
    text.parse().map(Duration::from_millis).map_err(|_| ConfigError::Malformed {
        variable: "LEASE_WAIT_MS",
        got: shown(text),
        expects: "a number of milliseconds",
    })
}
