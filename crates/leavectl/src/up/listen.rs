//! `--listen`: the API's address, as people write it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An address with a port, or a port of this machine alone: `9000`, `:9000`,
/// `localhost:9000`, `127.0.0.1:9000`, `[::1]:9000`.
pub(super) fn parse(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = match text.rsplit_once(':') {
        None => text,
        Some((host, port)) if host.is_empty() || host.eq_ignore_ascii_case("localhost") => port,
        Some(_) => "",
    };
    // `+9000` is a number too, and nobody's port.
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if is_port => Ok(SocketAddr::new(LOOPBACK, port)),
        _ => Err("write a port, or an address with one, like 9000, localhost:9000, \
                  127.0.0.1:9000 or [::1]:9000"
            .to_owned()),
    }
}

/// `--dynamodb`: an address of HTTP.
pub(super) fn http(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write an address like http://127.0.0.1:8000".to_owned()),
    }
}

/// `--whatsapp-root`: 64 hex digits.
pub(super) fn root_key(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err("write 64 hex digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (text, address) in [
            ("9000", "127.0.0.1:9000"),
            (":9000", "127.0.0.1:9000"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("LocalHost:0", "127.0.0.1:0"),
            ("127.0.0.1:9000", "127.0.0.1:9000"),
            ("[::1]:9000", "[::1]:9000"),
            ("0.0.0.0:9000", "0.0.0.0:9000"),
        ] {
            assert_eq!(parse(text).map(|address| address.to_string()), Ok(address.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_some_that_are() {
        for text in ["", ":", "nowhere", "65536", "+9000", "-1", "127.0.0.1", "::1", "host:9000"] {
            let refused = parse(text).err().unwrap_or_default();
            assert!(refused.contains("localhost:9000"), "{text}: {refused}");
        }
    }
}
