//! JSON that holds secrets.

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::{ImportError, Seen};

/// Parses the whole text. What `serde_json` says is not passed on: it quotes the input.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            ImportError::Unrecognised(Seen::OtherJson)
        } else {
            ImportError::Json { line: error.line(), column: error.column() }
        }
    })
}

/// Parses the value of one field.
pub(crate) fn field<'a, T: Deserialize<'a>>(
    value: &'a RawValue,
    name: &'static str,
) -> Result<T, ImportError> {
    serde_json::from_str(value.get()).map_err(|_| ImportError::Malformed(name))
}

/// The text that a JSON string stands for, or `None` when it is another value.
/// `serde_json` would unescape in a buffer that nobody wipes.
pub(crate) fn unescape(value: &str) -> Option<Zeroizing<String>> {
    let mut rest = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    // It never gets longer, so this never grows and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, behind) = escape(escaped)?;
        text.push(character);
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// The character that follows a backslash, and what is behind it.
fn escape(text: &str) -> Option<(char, &str)> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    let character = match kind {
        '"' | '\\' | '/' => kind,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return code_point(rest),
        _ => return None,
    };
    Some((character, rest))
}

/// Four hexadecimal digits, or two such escapes that make one character.
fn code_point(text: &str) -> Option<(char, &str)> {
    let (high, rest) = four_digits(text)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, rest));
    }
    let (low, rest) = four_digits(rest.strip_prefix("\\u")?)?;
    let high = high.checked_sub(0xd800).filter(|high| *high < 0x400)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + (high << 10) + low)?, rest))
}

fn four_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| Some((u32::from_str_radix(digits, 16).ok()?, rest)))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn unescapes_what_serde_json_escapes(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let unescaped = unescape(&json).unwrap();
            prop_assert_eq!(unescaped.as_str(), text);
        }

        #[test]
        fn agrees_with_serde_json_on_escapes(
            parts in prop::collection::vec(r#"a|\\["\\/bfnrtx]|\\u[0-9a-fA-F]{4}|\\ud83d\\ude00|\\u00e9"#, 0..6),
        ) {
            let json = format!("\"{}\"", parts.concat());
            let expected: Option<String> = serde_json::from_str(&json).ok();
            prop_assert_eq!(unescape(&json).map(|text| text.to_string()), expected);
        }
    }

    #[test]
    fn only_strings_unescape() {
        for other in ["1", "null", "{}", "[]", "\"", "\"\\\"", ""] {
            assert!(unescape(other).is_none(), "{other}");
        }
    }
}
