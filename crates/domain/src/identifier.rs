//! What a caller names the group by: its JID, an invite code, or an invite link.
//!
//! Parsed once; past this module nobody looks at the text again.

use std::fmt;

use crate::group::GroupJid;
use crate::invisible;
use crate::problem::Problem;

/// Longest identifier that is looked at, in bytes.
const LONGEST_IDENTIFIER: usize = 512;
/// How long a code can be, in characters.
const CODE_LENGTHS: std::ops::RangeInclusive<usize> = 6..=64;
/// What a caller's program writes where it has no value. Taken for a code it would
/// answer 404, "nothing is left to do", to a caller who meant another group.
const NO_VALUES: [&str; 4] = ["undefined", "null", "NaN", "None"];

/// A parsed identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// The group's own JID.
    Jid(GroupJid),
    /// The code of an invite, alone or out of a link.
    Invite(InviteCode),
}

/// The code of a group invite: 6 to 64 letters, digits, `_` and `-`.
///
/// WhatsApp's own are 22 characters today; nothing here relies on that.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InviteCode(String);

/// Why an identifier was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing but white space and invisible marks.
    #[error("the identifier is blank")]
    Blank,
    /// Neither a group JID, nor an invite code, nor an invite link.
    #[error("the identifier is neither a group JID nor an invite")]
    Invalid,
}

impl From<IdentifierError> for Problem {
    fn from(error: IdentifierError) -> Self {
        match error {
            IdentifierError::Blank => Self::IdentifierRequired,
            IdentifierError::Invalid => Self::IdentifierInvalid,
        }
    }
}

impl Identifier {
    /// Reads an identifier after trimming white space and invisible marks: what is
    /// pasted out of a messenger carries some.
    ///
    /// Digits alone and digits-digits are a JID without its server; any other
    /// text of an invite's alphabet is a code.
    ///
    /// ```
    /// use domain::identifier::Identifier;
    /// assert_eq!(
    ///     Identifier::parse("https://chat.whatsapp.com/ABC123XYZ"),
    ///     Identifier::parse("ABC123XYZ"),
    /// );
    /// assert!(Identifier::parse("https://chat.whatsapp.com.evil.example/ABC123XYZ").is_err());
    /// ```
    ///
    /// # Errors
    /// [`IdentifierError::Blank`] for blank text, else [`IdentifierError::Invalid`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let text = invisible::trim(text);
        if text.is_empty() {
            return Err(IdentifierError::Blank);
        }
        if text.len() > LONGEST_IDENTIFIER || text.chars().any(char::is_control) {
            return Err(IdentifierError::Invalid);
        }
        if let Ok(jid) = text.parse().or_else(|_| GroupJid::from_user(text)) {
            return Ok(Self::Jid(jid));
        }
        InviteCode::parse(text)
            .or_else(|| code_of_link(text))
            .map(Self::Invite)
            .ok_or(IdentifierError::Invalid)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jid(jid) => jid.fmt(f),
            Self::Invite(code) => f.write_str(code.as_str()),
        }
    }
}

impl InviteCode {
    /// The code, when `text` is one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let fits = CODE_LENGTHS.contains(&text.len());
        (plain && fits && !NO_VALUES.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// The text of the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code lets anyone join, so logs get its beginning only.
impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.0.get(..4).unwrap_or_default())
    }
}

/// Where a link's code stands.
enum Place {
    /// `chat.whatsapp.com/CODE` and `chat.whatsapp.com/invite/CODE`.
    Path,
    /// `web.whatsapp.com/accept?code=CODE` and `whatsapp://chat?code=CODE`.
    Query,
}

/// The code out of an invite link. The host is compared whole; user info and
/// ports make it another host and are refused with it.
fn code_of_link(text: &str) -> Option<InviteCode> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, text),
    };
    let rest = rest.split('#').next()?;
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = before_query.split_once('/').unwrap_or((before_query, ""));
    let path = path.strip_suffix('/').unwrap_or(path);
    let host = host.to_ascii_lowercase();

    let place = match (scheme.as_deref(), host.as_str()) {
        (None | Some("http" | "https"), "chat.whatsapp.com") => Place::Path,
        (None | Some("http" | "https"), "web.whatsapp.com") if path == "accept" => Place::Query,
        (Some("whatsapp"), "chat") if path.is_empty() => Place::Query,
        _ => return None,
    };
    match place {
        Place::Path if path == "invite" => None,
        Place::Path => InviteCode::parse(path.strip_prefix("invite/").unwrap_or(path)),
        Place::Query => {
            let mut codes = query.split('&').filter_map(|pair| pair.strip_prefix("code="));
            let code = codes.next()?;
            if codes.next().is_some() {
                return None;
            }
            InviteCode::parse(code)
        }
    }
}
