//! Percent-encoding, undone once.

use percent_encoding::percent_decode_str;

/// Names and values of a raw query; `None` when it cannot be decoded.
pub(super) fn query(query: &str) -> Option<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((form(name)?, form(value)?))
        })
        .collect()
}

/// A name or a value of a query, where `+` is a space.
pub(super) fn form(text: &str) -> Option<String> {
    percent(&text.replace('+', " "))
}

/// Percent-decodes once; `None` for a `%` without two hex digits, and for
/// bytes that are not UTF-8.
pub(super) fn percent(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &rest[at + 3..];
    }
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
