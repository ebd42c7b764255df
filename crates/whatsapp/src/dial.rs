//! TCP, TLS and the WebSocket's upgrade.

use std::sync::Arc;

use domain::client_version::ClientVersion;
use domain::clock::Budget;
use domain::proxy::Proxy;
use http::uri::{InvalidUri, PathAndQuery, Uri};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_websockets::Connector;
use wacore::net::WHATSAPP_WEB_ORIGIN;

use super::address::WhatsApp;
use super::failure::{Failure, Step};
use super::network::Network;
use super::socket::Socket;
use super::tunnel;
use super::upgrade::upgrade;

/// Opens connections to WhatsApp. One per environment: its TLS configuration
/// costs more to build than a request.
#[derive(Clone)]
pub struct Dialer {
    uri: Uri,
    network: Arc<dyn Network>,
    connector: Arc<Connector>,
    proxy: Option<Proxy>,
    pub(super) root_key: [u8; 32],
    pub(super) version: ClientVersion,
}

/// One TLS configuration for AWS and WhatsApp: ring, and the roots that
/// browsers trust, compiled in (reading a system's store costs milliseconds).
///
/// # Errors
/// When the provider supports no common protocol version.
pub fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

impl Dialer {
    /// For one WhatsApp.
    ///
    /// # Errors
    /// When the configured address is no URI; `Config` has checked it before.
    pub fn new(
        whatsapp: &WhatsApp,
        tls: ClientConfig,
        network: Arc<dyn Network>,
    ) -> Result<Self, InvalidUri> {
        Ok(Self {
            network,
            uri: whatsapp.url.parse()?,
            connector: Arc::new(Connector::Rustls(TlsConnector::from(Arc::new(tls)))),
            proxy: None,
            root_key: whatsapp.root_key,
            version: whatsapp.version,
        })
    }

    /// The same, through a proxy: nothing goes to WhatsApp by another way.
    #[must_use]
    pub fn through(&self, proxy: Option<&Proxy>) -> Self {
        Self { proxy: proxy.cloned(), ..self.clone() }
    }

    /// The same, showing another client version at login.
    #[must_use]
    pub fn showing(&self, version: ClientVersion) -> Self {
        Self { version, ..self.clone() }
    }

    pub(super) async fn dial(&self, budget: Budget) -> Result<Socket, Failure> {
        // Boxed: TLS's handshake is large, and is over before anything else is held.
        timeout_at(budget.end(), Box::pin(self.connect()))
            .await
            .map_err(|_| Failure::Timeout(Step::Dial))?
    }

    async fn connect(&self) -> Result<Socket, Failure> {
        let host = self.uri.host().unwrap_or_default();
        // A literal IPv6 address is in brackets in a URI, and nowhere else.
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let is_plain = self.uri.scheme_str() == Some("ws");
        let port = self.uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let wire = match &self.proxy {
            // Boxed: its buffer of 8 KiB is not every connection's.
            Some(proxy) => Box::pin(tunnel::connect(&self.network, proxy, host, port)).await?,
            None => self.network.open(name, port).await.map_err(|error| failed(&error))?,
        };
        let connector = if is_plain { &Connector::Plain } else { self.connector.as_ref() };
        let mut stream = connector.wrap(name, wire).await.map_err(|error| failed(&error))?;
        let authority = match self.uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let path = self.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        upgrade(&mut stream, &authority, path, WHATSAPP_WEB_ORIGIN).await?;
        Ok(Socket::new(stream))
    }
}

fn failed(error: &impl ToString) -> Failure {
    // The system's number of an error tells nobody more than its words.
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    Failure::Connect(words.to_owned())
}
