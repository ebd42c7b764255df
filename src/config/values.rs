//! Each variable's text, turned into what it stands for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::Level;
use zeroize::Zeroizing;

use super::{ClientVersion, ConfigError, KmsKeyArn, Origins, SealingKey};

pub(super) fn sealing_key(text: &str) -> Result<SealingKey, ConfigError> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| ConfigError::Malformed {
        variable: "SEALING_KEY",
        got: format!("a text of {} bytes", text.len()),
        expects: "32 bytes in base64",
    })?;
    Ok(SealingKey(Zeroizing::new(key)))
}

/// `ws://` has no TLS, so it is for a WhatsApp on this machine only.
pub(super) fn whatsapp_url(text: String) -> Result<String, ConfigError> {
    let uri = text.parse::<lambda_http::http::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    match uri.as_ref().and_then(|uri| uri.scheme_str()) {
        Some("wss") if !host.is_empty() => Ok(text),
        Some("ws") if loopback => Ok(text),
        _ => Err(ConfigError::Malformed {
            variable: "WHATSAPP_URL",
            got: format!("`{text}`"),
            expects: "a wss:// address, or ws:// to loopback",
        }),
    }
}

pub(super) fn root_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| ConfigError::Malformed {
        variable: "WHATSAPP_ROOT_KEY",
        got: format!("`{text}`"),
        expects: "64 hex digits",
    })?;
    Ok(key)
}

pub(super) fn version(text: &str) -> Result<ClientVersion, ConfigError> {
    text.parse().map_err(|_| ConfigError::Malformed {
        variable: "WHATSAPP_VERSION",
        got: format!("`{text}`"),
        expects: "a client version like 2.3000.1042742319",
    })
}

/// The key's ARN, or that of an alias: `arn:aws:kms:eu-west-1:111122223333:key/…`.
pub(super) fn kms_key_arn(text: String) -> Result<KmsKeyArn, ConfigError> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "kms", region, account, key]
            if !partition.is_empty()
                && !region.is_empty()
                && !account.is_empty()
                && (key.starts_with("key/") || key.starts_with("alias/")) =>
        {
            Ok(KmsKeyArn { region: (*region).to_owned(), arn: text })
        }
        _ => Err(ConfigError::Malformed {
            variable: "SEALING_KEY_ARN",
            got: format!("`{text}`"),
            expects: "the ARN of a KMS key, like arn:aws:kms:eu-west-1:111122223333:key/…",
        }),
    }
}

pub(super) fn origins(text: &str) -> Result<Origins, ConfigError> {
    Origins::parse(text).map_err(|entry| ConfigError::Malformed {
        variable: "ALLOWED_ORIGINS",
        got: format!("`{entry}`"),
        expects: "origins like https://app.example.com (scheme, host and port), with commas between them, or *",
    })
}

pub(super) fn log_level(text: &str) -> Result<Level, ConfigError> {
    match text.to_ascii_uppercase().as_str() {
        "ERROR" => Ok(Level::ERROR),
        "WARN" => Ok(Level::WARN),
        "INFO" => Ok(Level::INFO),
        "DEBUG" => Ok(Level::DEBUG),
        _ => Err(ConfigError::Malformed {
            variable: "LOG_LEVEL",
            got: format!("`{text}`"),
            expects: "ERROR, WARN, INFO or DEBUG",
        }),
    }
}

pub(super) fn lease_wait(text: &str) -> Result<Duration, ConfigError> {
    text.parse().map(Duration::from_millis).map_err(|_| ConfigError::Malformed {
        variable: "LEASE_WAIT_MS",
        got: format!("`{text}`"),
        expects: "a number of milliseconds",
    })
}
