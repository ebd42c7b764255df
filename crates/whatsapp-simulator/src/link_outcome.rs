//! What came of a link, as its phone sees it.

use wacore::libsignal::protocol::CurveError;

/// Companions that an account can have.
pub(crate) const MOST_COMPANIONS: usize = 4;

/// A companion that was linked, as its phone lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedByPhone {
    /// `phone:device@s.whatsapp.net`.
    pub jid: String,
    /// `lid:device@lid`.
    pub lid: String,
    /// The system's name that the companion registered with, such as `Linux`.
    pub os: String,
    /// The platform that it registered with, such as `CHROME`.
    pub platform: String,
}

/// Why a companion was not linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The text is no QR text of a companion.
    #[error("this is no linking QR code: {0}")]
    NotAQrCode(&'static str),
    /// The text is no eight-character code.
    #[error("this is no linking code: it takes eight letters and digits, without 0, I, O and U")]
    NotACode,
    /// No companion was given this ref.
    #[error("no companion was given this ref")]
    UnknownRef,
    /// The ref is used, expired, or its companion is gone.
    #[error("the ref is no longer valid")]
    ExpiredRef,
    /// The QR text names other keys than its companion registered with.
    #[error("the QR code names other keys than the companion's")]
    OtherKeys,
    /// No companion asked for a code to be accepted by this number.
    #[error("no companion waits for a code from this number")]
    NoCompanion,
    /// The companion's key bundle does not open: it shows another code.
    #[error("the companion shows another code")]
    WrongCode,
    /// The account has four companions already.
    #[error("the account has {MOST_COMPANIONS} companions already")]
    TooManyCompanions,
    /// The companion answered `<pair-success>` with an error.
    #[error("the companion refused: {code} {text}")]
    Refused {
        /// The error's code, such as 401.
        code: u16,
        /// The error's text, such as `hmac-mismatch`.
        text: String,
    },
    /// The companion's reply to `<pair-success>` is not what a real one sends.
    #[error("the companion's reply is not acceptable: {0}")]
    Unsound(&'static str),
    /// The connection ended first, or a scripted failure kept the server from going on.
    #[error("the companion's connection ended")]
    Gone,
    /// The companion said nothing for a minute.
    #[error("the companion does not answer")]
    NoAnswer,
    /// A key of the companion cannot be calculated with.
    #[error("a key cannot be used: {0}")]
    Key(String),
}

impl From<CurveError> for LinkError {
    fn from(error: CurveError) -> Self {
        Self::Key(error.to_string())
    }
}
