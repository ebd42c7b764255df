//! Who owns what: accounts, and the instances inside them.
//!
//! An instance's name is unique within its account only, so an instance is
//! always the pair. An account's alphabet has no `#`, the separator of the
//! table's keys, so no account and name can spell another pair's key.

use std::fmt;
use std::str::FromStr;

use crate::invisible::is_invisible;

/// An account's id: `[a-z0-9-]`, 1 to 64 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

/// An instance's name within its account.
///
/// Parsed, it is one that every gateway carries through a path unchanged: 1 to 128
/// characters; no control characters and no invisible marks; no `/`, `\`, `%`, `?`
/// and `#`, which an HTTP API decodes twice, cuts at or takes for a separator; no
/// white space at its ends; neither `.` nor `..`. Names that the table already has
/// may be wider ([`InstanceName::of_stored`]).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceName(String);

/// The text cannot name an account or an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `[a-z0-9-]{1,64}`.
    #[error("an account id is 1 to 64 characters of a-z, 0-9 and -")]
    Account,
    /// No path can carry it to every gateway, see [`InstanceName`].
    #[error(
        "an instance name is 1 to 128 characters without control characters, invisible marks, \
         / \\ % ? #, or white space at its ends, and neither . nor .."
    )]
    Instance,
}

/// Longest instance name, in characters.
const LONGEST_INSTANCE: usize = 128;
/// Longest account id, in characters.
const LONGEST_ACCOUNT: usize = 64;

impl FromStr for AccountId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=LONGEST_ACCOUNT).contains(&text.len());
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(NameError::Account) }
    }
}

impl FromStr for InstanceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_changed_on_the_way =
            |c: char| matches!(c, '\\' | '%' | '?' | '#') || is_invisible(c);
        if matches!(text, "." | "..")
            || text.trim() != text
            || text.chars().any(is_changed_on_the_way)
        {
            return Err(NameError::Instance);
        }
        Self::of_stored(text)
    }
}

impl InstanceName {
    /// A name that the table already has: 1 to 128 characters without control
    /// characters and `/`. It may be one that no request can name
    /// ([`InstanceName::is_reachable`]); it is listed, checked and deleted all the same.
    ///
    /// # Errors
    /// [`NameError::Instance`]: no item has such a name.
    pub fn of_stored(text: &str) -> Result<Self, NameError> {
        let length = text.chars().take(LONGEST_INSTANCE + 1).count();
        let fits = (1..=LONGEST_INSTANCE).contains(&length);
        let plain = !text.chars().any(|c| c.is_control() || c == '/');
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(NameError::Instance) }
    }

    /// Whether a request can name it.
    pub fn is_reachable(&self) -> bool {
        self.0.parse::<Self>().is_ok()
    }
}

/// One instance of one account: the only name under which a session is found.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId {
    /// The account.
    pub account: AccountId,
    /// The name within it.
    pub name: InstanceName,
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
shown_as_text!(AccountId, InstanceName);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.name)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_some_gateway_changes_is_none() {
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a\u{a0}",
            "\u{2003}a",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a%b",
            "100%",
            "a?b",
            "a#b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{200e}",
            "a\u{202e}b",
            "a\u{200d}b",
            "a\nb",
            "a\0b",
            "a\u{85}b",
            "a\u{7f}b",
        ] {
            assert_eq!(text.parse::<InstanceName>(), Err(NameError::Instance), "{text:?}");
        }
        let longest = "\u{1f600}".repeat(128);
        for text in [
            "a",
            "my shop",
            "...",
            ".a",
            "a.",
            "a;b",
            "a+b",
            "a\"b",
            "a'b",
            "a&b=c",
            "a:b@c",
            "Loja São",
            "Loja Sa\u{303}o",
            "\u{2764}\u{fe0f}",
            "世界",
            "a~b",
            "{a}",
            "a|b",
            "<a>",
            &longest,
        ] {
            let name: InstanceName = text.parse().unwrap();
            assert_eq!(name.as_str(), text);
            assert!(name.is_reachable());
        }
        assert!(format!("{longest}x").parse::<InstanceName>().is_err());
    }

    #[test]
    fn a_stored_name_is_kept_as_it_is_and_known_to_be_out_of_reach() {
        for text in ["100%", "a?b", "a#b", "a\\b", " a ", "..", "a\u{200b}b"] {
            let name = InstanceName::of_stored(text).unwrap();
            assert_eq!(name.as_str(), text);
            assert!(!name.is_reachable(), "{text:?}");
        }
        for text in ["", "a/b", "a\nb", &"x".repeat(129)] {
            assert_eq!(InstanceName::of_stored(text), Err(NameError::Instance), "{text:?}");
        }
    }
}
