//! What outlives a request: clients, keys, TLS configuration, notes. Built once
//! per environment.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;

use crate::aws::{https_client, sdk_config};
use crate::client_version::ClientVersions;
use crate::clock::{Budget, Clock};
use crate::config::{Config, Origins, Sealing};
use crate::gate::Gate;
use crate::report::Reporter;
use crate::seal::{Keyring, SealError, Wrapping};
use crate::session::Sessions;
use crate::table::{Table, keys};
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
    /// The client version to show it.
    pub versions: ClientVersions,
    /// The CORS allow-list.
    pub origins: Origins,
    /// The table, for what is said about its calls.
    pub table: Table,
    /// Where a request's line goes.
    pub reporter: Reporter,
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
        let sdk = sdk_config(&config.aws, http);
        let table =
            Table::new(&config.table, &sdk, config.aws.dynamodb.as_deref(), Arc::clone(&clock));
        let wrapping = match &config.sealing {
            Sealing::Key(key) => Wrapping::by_key(key)?,
            Sealing::Kms(key) => {
                Wrapping::by_kms(key, &config.table, &sdk, config.aws.kms.as_deref())
            }
        };
        Ok(Self {
            gate: Gate::new(table.clone(), Arc::clone(&clock)),
            sessions: Sessions::new(table.clone(), Arc::clone(&clock), config.lease_wait),
            keyring: Keyring::new(table.clone(), wrapping),
            versions: ClientVersions::new(table.clone(), config.whatsapp.version),
            dialer: Dialer::new(&config.whatsapp, tls_config()?)?,
            origins: config.allowed_origins.clone(),
            table,
            reporter: Reporter::silent(),
            clock,
        })
    }

    /// The same, with a line for each request.
    #[must_use]
    pub fn reporting(self, reporter: Reporter) -> Self {
        Self { reporter, ..self }
    }

    /// Loads the data keys and the client version while the environment starts, so
    /// that no request waits for them. Storage or KMS that does not answer stops nothing: it is said in
    /// one line, and a key is loaded when it is needed.
    pub async fn preload(&self) {
        let budget = Budget::of(PRELOAD);
        let loaded = match self.table.partition(keys::DATA_KEYS, budget).await {
            Ok(items) => {
                self.versions.learn(&items);
                self.keyring.load(&items, budget).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = loaded {
            tracing::error!(%error, "data keys are not loaded, requests that need them answer 503");
        }
    }
}
