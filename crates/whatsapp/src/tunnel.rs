//! A connection through a proxy.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::proxy::{Proxy, ProxyKind};
use http::Uri;
use http::header::HeaderValue;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use tower::{Service, ServiceExt};
use zeroize::Zeroizing;

use super::failure::{Failure, PROXY};
use super::network::{Network, Wire};

/// A connection to `host` and `port` through `proxy`, which resolves the name.
pub(super) async fn connect(
    network: &Arc<dyn Network>,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<Box<dyn Wire>, Failure> {
    let failed = |error: &dyn fmt::Display| Failure::Connect(format!("{PROXY}{error}"));
    let uri = |host: &str, port: u16| -> Result<Uri, Failure> {
        format!("http://{host}:{port}").parse().map_err(|error| failed(&error))
    };
    let (address, target) = (uri(proxy.host(), proxy.port())?, uri(host, port)?);
    let way = WayToProxy(Arc::clone(network));
    let stream = match proxy.kind() {
        ProxyKind::Http => {
            let mut tunnel = Tunnel::new(address, way);
            if let Some((user, password)) = proxy.login() {
                let login = Zeroizing::new(format!("{user}:{password}"));
                let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(login.as_bytes())));
                let basic = HeaderValue::from_str(&basic).map_err(|error| failed(&error))?;
                tunnel = tunnel.with_auth(basic);
            }
            let ready = tunnel.ready().await.map_err(|error| failed(&error))?;
            ready.call(target).await.map_err(|error| failed(&error))?
        }
        ProxyKind::Socks5 => {
            let mut socks = SocksV5::new(address, way).local_dns(false);
            if let Some((user, password)) = proxy.login() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            let ready = socks.ready().await.map_err(|error| failed(&error))?;
            ready.call(target).await.map_err(|error| failed(&error))?
        }
    };
    Ok(stream.into_inner())
}

/// Opens the connection that a tunnel goes through.
#[derive(Clone)]
struct WayToProxy(Arc<dyn Network>);

impl Service<Uri> for WayToProxy {
    type Response = TokioIo<Box<dyn Wire>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        // It is our own, with both.
        let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
        let opening = self.0.open(host, address.port_u16().unwrap_or_default());
        Box::pin(async move { opening.await.map(TokioIo::new) })
    }
}
