//! The proxy before an instance's connections: HTTP `CONNECT`, or SOCKS5.
//!
//! People run their numbers behind addresses of their own: from a data centre's
//! they get banned. WhatsApp's name is resolved at the proxy, never here, so that
//! nothing about the instance leaves by another way.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// A proxy, with its user and password. They are in no `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    host: String,
    port: u16,
    /// User and password, decoded.
    login: Option<(String, Zeroizing<String>)>,
    text: Zeroizing<String>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// `CONNECT`.
    Http,
    /// SOCKS version 5.
    Socks5,
}

/// The text names no proxy. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a proxy is http://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before the host when it needs them"
)]
pub struct NotAProxy;

impl FromStr for Proxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(NotAProxy)?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            // `h`: the name is resolved at the proxy, as it always is here.
            "socks5" | "socks5h" => ProxyKind::Socks5,
            _ => return Err(NotAProxy),
        };
        let (login, address) = match rest.trim_end_matches('/').rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, rest.trim_end_matches('/')),
        };
        let (host, port) = address.rsplit_once(':').ok_or(NotAProxy)?;
        let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or(NotAProxy)?;
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(NotAProxy);
        }
        let login = login
            .map(|login| {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                let password = Zeroizing::new(decoded(password)?);
                Ok((decoded(user)?, password))
            })
            .transpose()?;
        let text = Zeroizing::new(text.to_owned());
        Ok(Self { kind, host: host.to_owned(), port, login, text })
    }
}

/// User and password may need characters that an address cannot have.
fn decoded(text: &str) -> Result<String, NotAProxy> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| NotAProxy)?;
    if text.chars().any(char::is_control) || text.len() > 255 {
        return Err(NotAProxy);
    }
    Ok(text.into_owned())
}

impl Proxy {
    /// How it is spoken to.
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Its host, as it was written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// User and password, decoded.
    pub fn login(&self) -> Option<(&str, &str)> {
        self.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// All of it, password included: to be sealed.
    pub fn to_text(&self) -> Zeroizing<String> {
        self.text.clone()
    }
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Socks5 => "socks5",
        };
        let login = if self.login.is_some() { "…@" } else { "" };
        write!(f, "{scheme}://{login}{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
