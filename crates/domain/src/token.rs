//! A presented token, and the hash under which its item is found.

use std::fmt;

use ring::digest;
use zeroize::Zeroizing;

use crate::tenant::InstanceName;

/// Shortest token that can exist, in bytes.
const SHORTEST: usize = 16;
/// Longest token that can exist, in bytes.
const LONGEST: usize = 512;

/// A token as a caller presented it. Its text is wiped when dropped and is in
/// no `Debug` output.
pub struct Token(Zeroizing<String>);

/// The text can be nobody's token: under 16 or over 512 bytes, or not visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("such a token cannot exist")]
pub struct ImpossibleToken;

impl Token {
    /// Takes a token's text.
    ///
    /// # Errors
    /// [`ImpossibleToken`] when no issued token can look like this.
    pub fn new(text: &str) -> Result<Self, ImpossibleToken> {
        let fits = (SHORTEST..=LONGEST).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(ImpossibleToken)
        }
    }

    /// The hash that stands for this token everywhere else.
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref());
        TokenHash(hash)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token. A token has 256 random bits, so no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// All of it in lower-case hex: the table's key.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// The first 8 hex digits: enough to recognise a token in a log.
    pub fn prefix(self) -> String {
        hex::encode(&self.0[..4])
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix())
    }
}

/// What a token acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every instance of its account.
    Account,
    /// One instance.
    Instance(InstanceName),
}
