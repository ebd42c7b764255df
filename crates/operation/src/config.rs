//! What every run stands on, out of the environment. Each error names its variable, what
//! it got and what it expects, and never a secret's value.

mod values;

use std::time::Duration;

use domain::client_version;
use store::aws::Aws;
use store::seal::Sealing;
use whatsapp::WhatsApp;
use zeroize::Zeroizing;

/// Table, keys and WhatsApp.
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
    /// How long a request waits for a busy session.
    pub lease_wait: Duration,
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
                (Some(arn), None) => Sealing::Kms(values::kms_key_arn(&arn)?),
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
                    .map_or_else(|| Ok(whatsapp::URL.to_owned()), values::whatsapp_url)?,
                root_key: get("WHATSAPP_ROOT_KEY")
                    .map_or(Ok(whatsapp::ROOT_KEY), |text| values::root_key(&text))?,
                version: get("WHATSAPP_VERSION")
                    .map_or(Ok(client_version::CONFIGURED_BY_DEFAULT), |text| {
                        values::version(&text)
                    })?,
            },
            lease_wait: get("LEASE_WAIT_MS")
                .map_or(Ok(Duration::from_secs(5)), |text| values::lease_wait(&text))?,
        })
    }
}
