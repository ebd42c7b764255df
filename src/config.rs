//! The function's environment, read once: what every run stands on, and what only the
//! function asks for.

mod origins;

use operation::config::{self, ConfigError};
use tracing::Level;

pub use origins::Origins;

/// The function's configuration.
#[derive(Debug)]
pub struct Config {
    /// Table, keys and WhatsApp.
    pub operation: config::Config,
    /// Browser origins that may call.
    pub allowed_origins: Origins,
    /// Least severe level that is logged.
    pub log_level: Level,
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
        Ok(Self {
            operation: config::Config::from_lookup(&lookup)?,
            allowed_origins: get("ALLOWED_ORIGINS")
                .map_or_else(|| Ok(Origins::default()), |text| origins(&text))?,
            log_level: get("LOG_LEVEL").map_or(Ok(Level::INFO), |text| level(&text))?,
        })
    }
}

fn origins(text: &str) -> Result<Origins, ConfigError> {
    Origins::parse(text).map_err(|entry| ConfigError::Malformed {
        variable: "ALLOWED_ORIGINS",
        got: format!("`{entry}`"),
        expects: "origins like https://app.example.com (scheme, host and port), with commas between them, or *",
    })
}

fn level(text: &str) -> Result<Level, ConfigError> {
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
