//! The environment, read once. Each error names its variable, what it got and
//! what it expects, and never a secret's value.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::Level;
use zeroize::Zeroizing;

/// WhatsApp's endpoint for linked devices (`wacore::net::WHATSAPP_WEB_WS_URL`).
pub const WHATSAPP_URL: &str = wacore::net::WHATSAPP_WEB_WS_URL;
/// Client version shown at login when `WHATSAPP_VERSION` is not set.
pub const WHATSAPP_VERSION: ClientVersion = ClientVersion([2, 3000, 1_042_742_319]);

/// The function's configuration.
#[derive(Debug)]
pub struct Config {
    /// The DynamoDB table.
    pub table: String,
    /// How DynamoDB is reached.
    pub aws: Aws,
    /// The key that wraps the data keys.
    pub sealing_key: SealingKey,
    /// How WhatsApp is reached.
    pub whatsapp: WhatsApp,
    /// Browser origins that may call.
    pub allowed_origins: Origins,
    /// Least severe level that is logged.
    pub log_level: Level,
    /// How long a request waits for a busy session.
    pub lease_wait: Duration,
}

/// Region, credentials and endpoint, as Lambda sets them.
pub struct Aws {
    /// The region to sign for.
    pub region: String,
    /// Another endpoint than AWS's.
    pub endpoint: Option<String>,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Zeroizing<String>,
    /// Session token of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

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

/// A client version `2.3000.N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientVersion(pub [u32; 3]);

/// The 32 bytes that wrap the data keys.
pub struct SealingKey(pub Zeroizing<[u8; 32]>);

/// The CORS allow-list.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeSet<String>);

impl Origins {
    /// Whether a page of `origin` may read our answers.
    pub fn allow(&self, origin: &str) -> bool {
        self.0.contains(origin) || self.0.contains("*")
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl fmt::Display for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [primary, secondary, tertiary] = self.0;
        write!(f, "{primary}.{secondary}.{tertiary}")
    }
}

/// A variable that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is needed and not set.
    #[error("{variable} is not set; it expects {expects}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What it expects.
        expects: &'static str,
    },
    /// It cannot be used as it is.
    #[error("{variable} is {got}; it expects {expects}")]
    Malformed {
        /// Its name.
        variable: &'static str,
        /// What it got; for a secret, only its shape.
        got: String,
        /// What it expects.
        expects: &'static str,
    },
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`; an empty value counts as not set.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let need = |variable: &'static str, expects: &'static str| {
            get(variable).ok_or(ConfigError::Missing { variable, expects })
        };
        Ok(Self {
            table: need("TABLE_NAME", "the name of the DynamoDB table")?,
            aws: Aws {
                region: need("AWS_REGION", "a region, as Lambda sets it")?,
                endpoint: get("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| get("AWS_ENDPOINT_URL")),
                access_key_id: need("AWS_ACCESS_KEY_ID", "an access key id, as Lambda sets it")?,
                secret_access_key: need("AWS_SECRET_ACCESS_KEY", "a secret key, as Lambda sets it")
                    .map(Zeroizing::new)?,
                session_token: get("AWS_SESSION_TOKEN").map(Zeroizing::new),
            },
            sealing_key: sealing_key(&need("SEALING_KEY", SEALING_KEY_EXPECTS)?)?,
            whatsapp: WhatsApp {
                url: get("WHATSAPP_URL")
                    .map_or_else(|| Ok(WHATSAPP_URL.to_owned()), whatsapp_url)?,
                root_key: get("WHATSAPP_ROOT_KEY")
                    .map_or(Ok(wacore::handshake::WA_CERT_PUB_KEY), |text| root_key(&text))?,
                version: get("WHATSAPP_VERSION")
                    .map_or(Ok(WHATSAPP_VERSION), |text| version(&text))?,
            },
            allowed_origins: get("ALLOWED_ORIGINS")
                .map_or_else(Origins::default, |text| origins(&text)),
            log_level: get("LOG_LEVEL").map_or(Ok(Level::INFO), |text| log_level(&text))?,
            lease_wait: get("LEASE_WAIT_MS")
                .map_or(Ok(Duration::from_secs(5)), |text| lease_wait(&text))?,
        })
    }
}

const SEALING_KEY_EXPECTS: &str = "32 bytes in base64";

fn sealing_key(text: &str) -> Result<SealingKey, ConfigError> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| ConfigError::Malformed {
        variable: "SEALING_KEY",
        got: format!("a text of {} bytes", text.len()),
        expects: SEALING_KEY_EXPECTS,
    })?;
    Ok(SealingKey(Zeroizing::new(key)))
}

/// `ws://` has no TLS, so it is for a WhatsApp on this machine only.
fn whatsapp_url(text: String) -> Result<String, ConfigError> {
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

fn root_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| ConfigError::Malformed {
        variable: "WHATSAPP_ROOT_KEY",
        got: format!("`{text}`"),
        expects: "64 hex digits",
    })?;
    Ok(key)
}

fn version(text: &str) -> Result<ClientVersion, ConfigError> {
    let malformed = || ConfigError::Malformed {
        variable: "WHATSAPP_VERSION",
        got: format!("`{text}`"),
        expects: "a client version like 2.3000.1042742319",
    };
    let numbers: Vec<u32> =
        text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| malformed())?;
    numbers.try_into().map(ClientVersion).map_err(|_| malformed())
}

fn origins(text: &str) -> Origins {
    let listed = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    Origins(listed.map(str::to_owned).collect())
}

fn log_level(text: &str) -> Result<Level, ConfigError> {
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

fn lease_wait(text: &str) -> Result<Duration, ConfigError> {
    text.parse().map(Duration::from_millis).map_err(|_| ConfigError::Malformed {
        variable: "LEASE_WAIT_MS",
        got: format!("`{text}`"),
        expects: "a number of milliseconds",
    })
}
