//! What can go wrong on a connection, each situation its own variant.
//! Source of the codes: WhatsApp Web's `<failure>` and `<stream:error>` tables.

use std::time::Duration;

use super::certificate::CertificateFault;
use crate::trace::Reason;

/// A connection, or one question on it, failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// TCP, TLS or the WebSocket's upgrade failed.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// A step took longer than its budget.
    #[error("no answer in time at step {0:?}")]
    Timeout(Step),
    /// The connection ended without a stream error.
    #[error("the connection was closed")]
    Closed,
    /// Bytes that are no valid frame, handshake or stanza.
    #[error("the server broke the protocol: {0}")]
    Protocol(&'static str),
    /// The server could not prove that it is WhatsApp.
    #[error("the server's certificate is not WhatsApp's: {0}")]
    Certificate(#[from] CertificateFault),
    /// `<failure>` in place of `<success>`.
    #[error("login refused: {0}")]
    Login(#[from] LoginFailure),
    /// `<stream:error>` or `<xmlstreamend>`.
    #[error("the stream ended: {0}")]
    Stream(#[from] StreamError),
    /// `<iq type="error">`.
    #[error("the IQ was refused with {code}")]
    Iq {
        /// Its `code`; 0 when it had none.
        code: u16,
        /// Its `backoff`, when WhatsApp named one.
        backoff: Option<Duration>,
    },
    /// The connection had failed before, so nothing was sent or read; what it
    /// failed of.
    #[error("nothing was sent, the connection had failed before: {0}")]
    Spent(Box<Self>),
}

/// Where time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// TCP, TLS and the WebSocket's upgrade.
    Dial,
    /// The Noise handshake up to the server's hello.
    Greet,
    /// From the login's last message to `<success>`.
    Login,
    /// An IQ.
    Iq,
}

/// `<failure reason>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginFailure {
    /// 401, 403, 406: the device was unlinked.
    #[error("logged out ({0})")]
    LoggedOut(u16),
    /// 402: a temporary ban.
    #[error("banned for {0:?}")]
    Banned(Duration),
    /// 405: the client version is too old.
    #[error("client version refused")]
    VersionRefused,
    /// 500, 503: try again.
    #[error("unavailable ({0})")]
    Unavailable(u16),
    /// 409, 413, 414, 415 and any other code: their meaning is not public.
    #[error("refused ({0})")]
    Refused(u16),
}

/// How long a ban without `expire` is taken to last.
const BAN_WITHOUT_END: Duration = Duration::from_hours(1);

impl LoginFailure {
    /// From `<failure reason [expire]>`; `expire` in seconds.
    pub fn from_reason(reason: u16, expire: Option<u64>) -> Self {
        match reason {
            401 | 403 | 406 => Self::LoggedOut(reason),
            402 => Self::Banned(expire.map_or(BAN_WITHOUT_END, Duration::from_secs)),
            405 => Self::VersionRefused,
            500 | 503 => Self::Unavailable(reason),
            other => Self::Refused(other),
        }
    }
}

/// `<stream:error>` and `<xmlstreamend>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// `<conflict type="replaced">`: someone else opened this session.
    #[error("replaced by another login")]
    Replaced,
    /// `<conflict type="device_removed">`: the device was unlinked.
    #[error("device removed")]
    DeviceRemoved,
    /// A code; 515 and 516 ask to reconnect.
    #[error("code {0}")]
    Code(u16),
    /// `<xmlstreamend/>`.
    #[error("end of stream")]
    End,
    /// None of the above.
    #[error("unknown stream error")]
    Unknown,
}

impl Failure {
    /// Whether the device is unlinked, so that no login can succeed again.
    pub fn is_logged_out(&self) -> bool {
        match self {
            Self::Login(LoginFailure::LoggedOut(_)) | Self::Stream(StreamError::DeviceRemoved) => {
                true
            }
            Self::Spent(cause) => cause.is_logged_out(),
            _ => false,
        }
    }

    /// Why it failed, as an operator would tell it apart.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Connect(_) | Self::Timeout(Step::Dial) => Reason::Unreachable,
            Self::Timeout(Step::Greet | Step::Login | Step::Iq) => Reason::TimedOut,
            Self::Closed => Reason::Closed,
            Self::Protocol(_) => Reason::Protocol,
            Self::Certificate(_) => Reason::Certificate,
            Self::Login(LoginFailure::LoggedOut(_)) | Self::Stream(StreamError::DeviceRemoved) => {
                Reason::LoggedOut
            }
            Self::Login(LoginFailure::Banned(_)) => Reason::Banned,
            Self::Login(LoginFailure::VersionRefused) => Reason::VersionRefused,
            Self::Login(LoginFailure::Unavailable(_) | LoginFailure::Refused(_)) => {
                Reason::LoginRefused
            }
            Self::Stream(StreamError::Replaced) => Reason::Replaced,
            Self::Stream(StreamError::Code(_) | StreamError::End | StreamError::Unknown) => {
                Reason::Stream
            }
            Self::Iq { code: 429, .. } => Reason::Throttled,
            Self::Iq { .. } => Reason::Refused,
            Self::Spent(cause) => cause.reason(),
        }
    }

    /// WhatsApp's own code, for the log.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Login(
                LoginFailure::LoggedOut(code)
                | LoginFailure::Unavailable(code)
                | LoginFailure::Refused(code),
            )
            | Self::Stream(StreamError::Code(code))
            | Self::Iq { code, .. } => Some(*code),
            Self::Login(LoginFailure::Banned(_)) => Some(402),
            Self::Login(LoginFailure::VersionRefused) => Some(405),
            Self::Spent(cause) => cause.code(),
            Self::Connect(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Certificate(_)
            | Self::Stream(_) => None,
        }
    }
}
