//! TCP, TLS and the WebSocket's upgrade.

use std::sync::Arc;

use lambda_http::http::header::{HeaderValue, ORIGIN};
use lambda_http::http::uri::{InvalidUri, Uri};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_websockets::{ClientBuilder, Connector, Limits};
use wacore::net::WHATSAPP_WEB_ORIGIN;

use super::failure::{Failure, Step};
use super::socket::Socket;
use super::tunnel;
use crate::clock::Budget;
use crate::config::{ClientVersion, WhatsApp};
use crate::proxy::Proxy;

/// Largest WebSocket message that is read, in bytes; the largest frame fits.
const LARGEST_MESSAGE: usize = 5 * 1024 * 1024;

/// Opens connections to WhatsApp. One per environment: its TLS configuration
/// costs more to build than a request.
#[derive(Clone)]
pub struct Dialer {
    uri: Uri,
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
    pub fn new(whatsapp: &WhatsApp, tls: ClientConfig) -> Result<Self, InvalidUri> {
        Ok(Self {
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
        let builder = ClientBuilder::from_uri(self.uri.clone())
            .connector(&self.connector)
            .limits(Limits::default().max_payload_len(Some(LARGEST_MESSAGE)))
            .add_header(ORIGIN, HeaderValue::from_static(WHATSAPP_WEB_ORIGIN))
            .map_err(|error| failed(&error))?;
        let connecting = async {
            let Some(proxy) = &self.proxy else {
                return builder.connect().await.map_err(|error| failed(&error));
            };
            let host = self.uri.host().unwrap_or_default();
            let is_plain = self.uri.scheme_str() == Some("ws");
            let port = self.uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
            // Boxed: its buffer of 8 KiB is not every connection's.
            let tcp = Box::pin(tunnel::connect(proxy, host, port)).await?;
            let connector = if is_plain { &Connector::Plain } else { self.connector.as_ref() };
            let stream = connector.wrap(host, tcp).await.map_err(|error| failed(&error))?;
            builder.connect_on(stream).await.map_err(|error| failed(&error))
        };
        let (stream, _) = timeout_at(budget.end(), connecting)
            .await
            .map_err(|_| Failure::Timeout(Step::Dial))??;
        Ok(Socket::new(stream))
    }
}

fn failed(error: &tokio_websockets::Error) -> Failure {
    Failure::Connect(error.to_string())
}
