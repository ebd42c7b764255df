//! A TCP connection through a proxy.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::proxy::{Proxy, ProxyKind};
use http::Uri;
use http::header::HeaderValue;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use tokio::net::TcpStream;
use tower::{Service, ServiceExt};
use zeroize::Zeroizing;

use super::failure::{Failure, PROXY};

/// A connection to `host` and `port` through `proxy`, which resolves the name.
pub(super) async fn connect(proxy: &Proxy, host: &str, port: u16) -> Result<TcpStream, Failure> {
    let failed = |error: &dyn fmt::Display| Failure::Connect(format!("{PROXY}{error}"));
    let uri = |host: &str, port: u16| -> Result<Uri, Failure> {
        format!("http://{host}:{port}").parse().map_err(|error| failed(&error))
    };
    let (address, target) = (uri(proxy.host(), proxy.port())?, uri(host, port)?);
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    let stream = match proxy.kind() {
        ProxyKind::Http => {
            let mut tunnel = Tunnel::new(address, tcp);
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
            let mut socks = SocksV5::new(address, tcp).local_dns(false);
            if let Some((user, password)) = proxy.login() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            let ready = socks.ready().await.map_err(|error| failed(&error))?;
            ready.call(target).await.map_err(|error| failed(&error))?
        }
    };
    Ok(stream.into_inner())
}
