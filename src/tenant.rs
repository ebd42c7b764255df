//! Who owns what: accounts, and the instances inside them.
//!
//! An instance's name is unique within its account only, so an instance is
//! always the pair. An account's alphabet has no `#`, the separator of the
//! table's keys, so no account and name can spell another pair's key.

use std::fmt;
use std::str::FromStr;

/// An account's id: `[a-z0-9-]`, 1 to 64 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountId(String);

/// An instance's name within its account: 1 to 128 characters, no control
/// characters, no `/`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstanceName(String);

/// The text cannot name an account or an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not `[a-z0-9-]{1,64}`.
    #[error("an account id is 1 to 64 characters of a-z, 0-9 and -")]
    Account,
    /// Empty, too long, or with a control character or `/`.
    #[error("an instance name is 1 to 128 characters without control characters and /")]
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
        let length = text.chars().take(LONGEST_INSTANCE + 1).count();
        if length == 0
            || length > LONGEST_INSTANCE
            || text.chars().any(|c| c.is_control() || c == '/')
        {
            return Err(NameError::Instance);
        }
        Ok(Self(text.to_owned()))
    }
}

/// One instance of one account: the only name under which a session is found.
#[derive(Clone, PartialEq, Eq, Hash)]
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
