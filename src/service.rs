//! What outlives a request: clients, keys, TLS configuration, notes. Built once
//! per environment.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;

use crate::clock::{Budget, Clock};
use crate::config::{Config, Origins};
use crate::gate::Gate;
use crate::seal::{Keyring, SealError};
use crate::session::Sessions;
use crate::table::{Table, https_client};
use crate::whatsapp::{Dialer, tls_config};

/// Longest time that the start may spend on reading data keys.
const PRELOAD: Duration = Duration::from_secs(3);

/// Everything a request needs.
pub struct Service {
    /// Injected time.
    pub clock: Arc<dyn Clock>,
    /// Token and limit.
    pub gate: Gate,
    /// Leases, intents, roster, history.
    pub sessions: Sessions,
    /// Data keys.
    pub keyring: Keyring,
    /// The way to WhatsApp.
    pub dialer: Dialer,
    /// The CORS allow-list.
    pub origins: Origins,
}

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// TLS cannot be configured.
    #[error("TLS cannot be configured: {0}")]
    Tls(#[from] rustls::Error),
    /// The sealing key cannot be used.
    #[error("SEALING_KEY cannot be used: {0}")]
    Seal(#[from] SealError),
    /// WhatsApp's address is no URI.
    #[error("WHATSAPP_URL cannot be used: {0}")]
    Address(#[from] lambda_http::http::uri::InvalidUri),
}

impl Service {
    /// From a configuration, on the given clock. Connects to nothing.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let http = https_client(tls_config()?);
        Self::with_http(config, clock, http)
    }

    /// The same, with another HTTP client for AWS: one that counts or injects faults.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn with_http(
        config: &Config,
        clock: Arc<dyn Clock>,
        http: SharedHttpClient,
    ) -> Result<Self, StartError> {
        let table = Table::new(&config.table, &config.aws, http, Arc::clone(&clock));
        Ok(Self {
            gate: Gate::new(table.clone(), Arc::clone(&clock)),
            sessions: Sessions::new(table.clone(), Arc::clone(&clock), config.lease_wait),
            keyring: Keyring::new(table, &config.sealing_key)?,
            dialer: Dialer::new(&config.whatsapp, tls_config()?)?,
            origins: config.allowed_origins.clone(),
            clock,
        })
    }

    /// Reads the data keys while the environment starts, so that no request
    /// waits for them. A table that does not answer delays nothing for good:
    /// a key is read when it is needed.
    pub async fn preload(&self) {
        if let Err(error) = self.keyring.preload(Budget::of(PRELOAD)).await {
            tracing::warn!(%error, "data keys are not loaded yet");
        }
    }
}
