//! Browser origins: which pages may read our answers.

use std::collections::BTreeSet;

/// The CORS allow-list.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    listed: BTreeSet<String>,
    any: bool,
}

impl Origins {
    /// Reads a list with commas between its entries, each an origin or `*`.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut origins = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                origins.any = true;
            } else {
                origins.listed.insert(canonical(entry).ok_or_else(|| entry.to_owned())?);
            }
        }
        Ok(origins)
    }

    /// Whether a page of `origin` may read our answers. What is no origin may not,
    /// whatever is listed: the answer would carry the caller's own text.
    pub fn allow(&self, origin: &str) -> bool {
        canonical(origin).is_some_and(|origin| self.any || self.listed.contains(&origin))
    }
}

/// An origin as browsers write it (RFC 6454, section 6.2): scheme, host, and the
/// port unless it is the scheme's own. `None` for anything else, `null` included.
fn canonical(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    // The colons of an address in brackets are no port.
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if !is_scheme || !is_host(host) {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(port) => Some(number(port)?),
        None if port.is_empty() => None,
        None => return None,
    };
    match (scheme, port) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => Some(format!("{scheme}://{host}")),
        (_, Some(port)) => Some(format!("{scheme}://{host}:{port}")),
    }
}

/// A name in ASCII (browsers send others in Punycode), or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (1..=253).contains(&host.len()) && host.bytes().all(plain)
}

fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
    port.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_more() {
        for (text, expected) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.COM", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://app.example.com:80", "http://app.example.com"),
            ("http://app.example.com:443", "http://app.example.com:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "//app.example.com",
            "https://",
            "https:///",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://app.example.com#x",
            "https://user@app.example.com",
            "https://app.example.com:",
            "https://app.example.com:0",
            "https://app.example.com:65536",
            "https://app.example.com:+80",
            "https://app.example.com:8080:9090",
            "https://[::1",
            "https://::1",
            "https://[::1]x",
            "https://[x]",
            "https://*.example.com",
            "https://bücher.example",
            "https://a b",
            "https://a,https://b",
            "https://a\r\nx: y",
            "1https://a",
            "<script>://a",
            "https://\"",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn any_origin_is_still_an_origin() {
        let any = Origins::parse("*").unwrap();
        assert!(any.allow("https://app.example.com") && any.allow("http://localhost:3000"));
        for text in ["null", "", "*", "<script>", "https://a/b"] {
            assert!(!any.allow(text), "{text:?}");
        }
        assert!(!Origins::default().allow("https://app.example.com"));
    }
}
