//! What every run stands on: the table, the keys, the way to WhatsApp. Built once per
//! environment, and by whoever operates the table.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Budget, Clock};
use http::uri::InvalidUri;
use store::aws::{HttpClient, https_client, sdk_config};
use store::client_version::ClientVersions;
use store::seal::{Keyring, SealError, Sealing, Wrapping};
use store::session::Sessions;
use store::table::Table;
use whatsapp::{Dialer, Network, Tcp, tls_config};

use crate::config::Config;

/// Longest time that the start may spend on reading data keys.
const PRELOAD: Duration = Duration::from_secs(3);

/// What every run needs.
pub struct Engine {
    /// Injected time.
    pub clock: Arc<dyn Clock>,
    /// Leases, intents, roster, history.
    pub sessions: Sessions,
    /// Data keys.
    pub keyring: Keyring,
    /// The way to WhatsApp.
    pub dialer: Dialer,
    /// The client version to show it.
    pub versions: ClientVersions,
    /// The table.
    pub table: Table,
}

/// Why there is no engine.
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
    Address(#[from] InvalidUri),
}

/// The HTTP client for AWS, with the one TLS configuration that WhatsApp's connections
/// have too.
///
/// # Errors
/// [`StartError::Tls`].
pub fn http_client() -> Result<HttpClient, StartError> {
    Ok(https_client(tls_config()?))
}

/// The ways out of the process: to AWS, and to WhatsApp.
#[derive(Clone)]
pub struct Ports {
    /// Calls AWS.
    pub http: HttpClient,
    /// Opens connections to WhatsApp and to proxies.
    pub network: Arc<dyn Network>,
}

impl Ports {
    /// This machine's own.
    ///
    /// # Errors
    /// [`StartError::Tls`].
    pub fn of_machine() -> Result<Self, StartError> {
        Ok(Self::with_http(http_client()?))
    }

    /// Another HTTP client for AWS: one that counts or injects faults.
    pub fn with_http(http: HttpClient) -> Self {
        Self { http, network: Arc::new(Tcp) }
    }
}

impl Engine {
    /// From a configuration, on the given clock. Connects to nothing.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Self::through(config, clock, Ports::of_machine()?)
    }

    /// The same, through other ports.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn through(
        config: &Config,
        clock: Arc<dyn Clock>,
        ports: Ports,
    ) -> Result<Self, StartError> {
        let Ports { http, network } = ports;
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
            sessions: Sessions::new(table.clone(), Arc::clone(&clock), config.lease_wait),
            keyring: Keyring::new(table.clone(), wrapping),
            versions: ClientVersions::new(table.clone(), config.whatsapp.version),
            dialer: Dialer::new(&config.whatsapp, tls_config()?, network)?,
            table,
            clock,
        })
    }

    /// Loads the data keys and the client version while the environment starts, so
    /// that no request waits for them. Storage or KMS that does not answer stops
    /// nothing: it is said in one line, and a key is loaded when it is needed.
    pub async fn preload(&self) {
        let budget = Budget::of(PRELOAD);
        let loaded = match self.table.at_start(budget).await {
            Ok(read) => {
                self.versions.learn(&read);
                self.keyring.load(&read, budget).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = loaded {
            tracing::error!(%error, "data keys are not loaded, requests that need them answer 503");
        }
    }
}
