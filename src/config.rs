//! The environment, read once. Each error names its variable, what it got and
//! what it expects, and never a secret's value.

mod origins;
mod values;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tracing::Level;
use zeroize::Zeroizing;

pub use origins::Origins;

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
    /// What wraps the data keys.
    pub sealing: Sealing,
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
    /// Another DynamoDB than AWS's.
    pub dynamodb: Option<String>,
    /// Another KMS than AWS's.
    pub kms: Option<String>,
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

/// What wraps the data keys.
#[derive(Debug)]
pub enum Sealing {
    /// 32 bytes in the configuration: for the local stack and tests.
    Key(SealingKey),
    /// A key of KMS, which never leaves it.
    Kms(KmsKeyArn),
}

/// The 32 bytes that wrap the data keys.
pub struct SealingKey(pub Zeroizing<[u8; 32]>);

/// A KMS key, by its ARN or an alias' ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKeyArn {
    arn: String,
    region: String,
}

impl KmsKeyArn {
    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// The region that the ARN names: where KMS is asked.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.region)
            .field("dynamodb", &self.dynamodb)
            .field("kms", &self.kms)
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
    /// Two variables say the same thing, and only one may.
    #[error("{one} and {other} are both set; exactly one of them is expected")]
    Both {
        /// The first.
        one: &'static str,
        /// The second.
        other: &'static str,
    },
}

const SEALING_EXPECTS: &str =
    "32 bytes in base64, or SEALING_KEY_ARN in its place: the ARN of a KMS key";

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
                dynamodb: get("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| get("AWS_ENDPOINT_URL")),
                kms: get("AWS_ENDPOINT_URL_KMS").or_else(|| get("AWS_ENDPOINT_URL")),
                access_key_id: need("AWS_ACCESS_KEY_ID", "an access key id, as Lambda sets it")?,
                secret_access_key: need("AWS_SECRET_ACCESS_KEY", "a secret key, as Lambda sets it")
                    .map(Zeroizing::new)?,
                session_token: get("AWS_SESSION_TOKEN").map(Zeroizing::new),
            },
            sealing: match (get("SEALING_KEY_ARN"), get("SEALING_KEY").map(Zeroizing::new)) {
                (Some(arn), None) => Sealing::Kms(values::kms_key_arn(arn)?),
                (None, Some(key)) => Sealing::Key(values::sealing_key(&key)?),
                (Some(_), Some(_)) => {
                    return Err(ConfigError::Both { one: "SEALING_KEY_ARN", other: "SEALING_KEY" });
                }
                (None, None) => {
                    return Err(ConfigError::Missing {
                        variable: "SEALING_KEY",
                        expects: SEALING_EXPECTS,
                    });
                }
            },
            whatsapp: WhatsApp {
                url: get("WHATSAPP_URL")
                    .map_or_else(|| Ok(WHATSAPP_URL.to_owned()), values::whatsapp_url)?,
                root_key: get("WHATSAPP_ROOT_KEY")
                    .map_or(Ok(wacore::handshake::WA_CERT_PUB_KEY), |text| {
                        values::root_key(&text)
                    })?,
                version: get("WHATSAPP_VERSION")
                    .map_or(Ok(WHATSAPP_VERSION), |text| values::version(&text))?,
            },
            allowed_origins: get("ALLOWED_ORIGINS")
                .map_or_else(|| Ok(Origins::default()), |text| values::origins(&text))?,
            log_level: get("LOG_LEVEL").map_or(Ok(Level::INFO), |text| values::log_level(&text))?,
            lease_wait: get("LEASE_WAIT_MS")
                .map_or(Ok(Duration::from_secs(5)), |text| values::lease_wait(&text))?,
        })
    }
}
