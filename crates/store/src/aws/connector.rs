//! The HTTP client under the SDK.

use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

/// Longest time to open a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that idled longer has likely been closed by the other side.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// The HTTP client for AWS: HTTP/1 with the same TLS configuration as
/// WhatsApp's. The SDK's own client would bring a second copy of it and a
/// trust store from disk.
pub fn https_client(tls: ClientConfig) -> SharedHttpClient {
    let mut tcp = TcpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let client = HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .build(https);
    let connector = SharedHttpConnector::new(Connector(client));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector(HyperClient<HttpsConnector<TcpConnector>, Full<Bytes>>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            // Every request of this API has its whole body in memory.
            let request = request
                .map(|body| Full::new(Bytes::copy_from_slice(body.bytes().unwrap_or_default())));
            let answer =
                client.request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            let (parts, body) = answer.into_parts();
            let body =
                body.collect().await.map_err(|error| ConnectorError::io(error.into()))?.to_bytes();
            let answer = http::Response::from_parts(parts, SdkBody::from(body));
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
