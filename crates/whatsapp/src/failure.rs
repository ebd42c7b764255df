//! What can go wrong on a connection, each situation its own variant.
//! Source of the codes: WhatsApp Web's `<failure>` and `<stream:error>` tables.

use std::fmt;

use domain::gone::Gone;
use domain::trace::{Reason, WhatsAppCode};

use super::certificate::CertificateFault;
use super::pause::Pause;
use super::refusal::{Refusal, THROTTLED};

/// How the text of [`Failure::Connect`] begins where a proxy stood in the way.
pub(crate) const PROXY: &str = "proxy: ";

/// A connection, or one question on it, failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// TCP, TLS or the WebSocket's upgrade failed.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// A step took longer than its budget.
    #[error("no answer in time {0}")]
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
    #[error("the IQ was refused with {0}")]
    Iq(Refusal),
    /// The connection had failed before, so nothing was sent or read; what it
    /// failed of.
    #[error("nothing was sent, the connection had failed before: {0}")]
    Spent(Box<Self>),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dial => "while connecting",
            Self::Greet => "to the greeting",
            Self::Login => "to the login",
            Self::Iq => "to a question",
        })
    }
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
    /// 401, 403, 406: WhatsApp Web logs itself out.
    #[error("{} ({code})", .gone.name())]
    LoggedOut {
        /// Which of them.
        gone: Gone,
        /// The reason as it came.
        code: WhatsAppCode,
    },
    /// 402: banned for a while.
    #[error("banned for a while (402, code {}, expire {expire})", .cause.unwrap_or(WhatsAppCode::new(0)))]
    Banned {
        /// `expire`.
        expire: Pause,
        /// `code`: 101 to 104 and 106 name what was too much.
        cause: Option<WhatsAppCode>,
    },
    /// 429: throttled.
    #[error("throttled (429, backoff {backoff})")]
    Throttled {
        /// `backoff`, or else `expire`.
        backoff: Pause,
    },
    /// 405, 409: the client version is too old, or its user agent is refused.
    #[error("client version refused ({0})")]
    VersionRefused(WhatsAppCode),
    /// 413, 414, 415, 418: WhatsApp Web has no meaning for them.
    #[error("refused ({0})")]
    Refused(WhatsAppCode),
    /// 5xx, and every other code: try again.
    #[error("unavailable ({0})")]
    Unavailable(WhatsAppCode),
}

impl LoginFailure {
    /// From `<failure reason [code] [expire] [backoff]>`, by an attribute's text.
    /// Source: WhatsApp Web's `WAWebHandleFailure`.
    pub fn read(attribute: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| attribute(name).and_then(|text| text.parse::<u16>().ok());
        let told = |name: &str| attribute(name).map(|text| Pause::read(Some(&text)));
        let reason = number("reason").unwrap_or_default();
        let code = WhatsAppCode::new(reason);
        match reason {
            401 => Self::LoggedOut { gone: Gone::Unlinked, code },
            403 => Self::LoggedOut { gone: Gone::Locked, code },
            406 => Self::LoggedOut { gone: Gone::Banned, code },
            402 => Self::Banned {
                expire: told("expire").unwrap_or_default(),
                cause: number("code").map(WhatsAppCode::new),
            },
            429 => Self::Throttled {
                backoff: told("backoff").or_else(|| told("expire")).unwrap_or_default(),
            },
            405 | 409 => Self::VersionRefused(code),
            413 | 414 | 415 | 418 => Self::Refused(code),
            _ => Self::Unavailable(code),
        }
    }

    /// The reason as it came.
    pub(crate) fn code(self) -> WhatsAppCode {
        match self {
            Self::Banned { .. } => WhatsAppCode::new(402),
            Self::Throttled { .. } => WhatsAppCode::new(THROTTLED),
            Self::LoggedOut { code, .. }
            | Self::VersionRefused(code)
            | Self::Refused(code)
            | Self::Unavailable(code) => code,
        }
    }
}

/// `<stream:error>` and `<xmlstreamend>`. Source: WhatsApp Web's
/// `WAWebHandleStreamError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// `<conflict type="replaced">`: someone else opened this session.
    #[error("replaced by another login")]
    Replaced,
    /// A conflict of another type, such as `device_removed`: the device was unlinked.
    #[error("device removed")]
    DeviceRemoved,
    /// 401, 516: the device was unlinked.
    #[error("logged out (code {0})")]
    LoggedOut(WhatsAppCode),
    /// 429: throttled.
    #[error("throttled (code 429, backoff {0})")]
    Throttled(Pause),
    /// Another code; 515 and other 5xx ask to connect again.
    #[error("code {0}")]
    Code(WhatsAppCode),
    /// `<xmlstreamend/>`.
    #[error("end of stream")]
    End,
    /// None of the above, such as `<ack>` and `<xml-not-well-formed>`.
    #[error("unknown stream error")]
    Unknown,
}

impl StreamError {
    /// From its first conflict's type (empty when it has none), its code, and the
    /// time that came with them.
    pub(super) fn new(conflict: Option<&str>, code: Option<u16>, backoff: Pause) -> Self {
        match (conflict, code) {
            (Some("replaced"), _) => Self::Replaced,
            (Some(_), _) => Self::DeviceRemoved,
            (None, Some(code @ (401 | 516))) => Self::LoggedOut(WhatsAppCode::new(code)),
            (None, Some(THROTTLED)) => Self::Throttled(backoff),
            (None, Some(code)) => Self::Code(WhatsAppCode::new(code)),
            (None, None) => Self::Unknown,
        }
    }
}

impl Failure {
    /// Whether an instance's proxy stood in the way.
    pub fn is_proxys(&self) -> bool {
        matches!(self, Self::Connect(why) if why.starts_with(PROXY))
    }

    /// Why no login can succeed again, if none can.
    pub fn gone(&self) -> Option<Gone> {
        match self {
            Self::Login(LoginFailure::LoggedOut { gone, .. }) => Some(*gone),
            Self::Stream(StreamError::DeviceRemoved | StreamError::LoggedOut(_)) => {
                Some(Gone::Unlinked)
            }
            Self::Spent(cause) => cause.gone(),
            Self::Login(_)
            | Self::Stream(_)
            | Self::Iq(_)
            | Self::Connect(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Certificate(_) => None,
        }
    }

    /// Whether no login can succeed again.
    pub fn is_logged_out(&self) -> bool {
        self.gone().is_some()
    }

    /// The time that came with throttling, wherever it came.
    pub fn throttled(&self) -> Option<Pause> {
        match self {
            Self::Login(LoginFailure::Throttled { backoff })
            | Self::Stream(StreamError::Throttled(backoff)) => Some(*backoff),
            Self::Iq(refusal) => refusal.throttled(),
            Self::Spent(cause) => cause.throttled(),
            Self::Login(_)
            | Self::Stream(_)
            | Self::Connect(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Certificate(_) => None,
        }
    }

    /// The time that came with a ban.
    pub fn banned(&self) -> Option<Pause> {
        match self {
            Self::Login(LoginFailure::Banned { expire, .. }) => Some(*expire),
            Self::Spent(cause) => cause.banned(),
            Self::Login(_)
            | Self::Stream(_)
            | Self::Iq(_)
            | Self::Connect(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Certificate(_) => None,
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
            Self::Login(failure) => match failure {
                LoginFailure::LoggedOut { gone, .. } => gone.reason(),
                LoginFailure::Banned { .. } => Reason::Banned,
                LoginFailure::Throttled { .. } => Reason::Throttled,
                LoginFailure::VersionRefused(_) => Reason::VersionRefused,
                LoginFailure::Refused(_) | LoginFailure::Unavailable(_) => Reason::LoginRefused,
            },
            Self::Stream(error) => match error {
                StreamError::Replaced => Reason::Replaced,
                StreamError::DeviceRemoved | StreamError::LoggedOut(_) => Reason::LoggedOut,
                StreamError::Throttled(_) => Reason::Throttled,
                StreamError::Code(_) | StreamError::End | StreamError::Unknown => Reason::Stream,
            },
            Self::Iq(refusal) if refusal.throttled().is_some() => Reason::Throttled,
            Self::Iq(_) => Reason::Refused,
            Self::Spent(cause) => cause.reason(),
        }
    }

    /// WhatsApp's own code, for the log.
    pub fn code(&self) -> Option<WhatsAppCode> {
        let code = match self {
            Self::Login(failure) => failure.code(),
            Self::Stream(StreamError::Code(code) | StreamError::LoggedOut(code)) => *code,
            Self::Iq(refusal) => WhatsAppCode::new(refusal.code()),
            Self::Stream(StreamError::Throttled(_)) => WhatsAppCode::new(THROTTLED),
            Self::Spent(cause) => return cause.code(),
            Self::Connect(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Certificate(_)
            | Self::Stream(
                StreamError::Replaced
                | StreamError::DeviceRemoved
                | StreamError::End
                | StreamError::Unknown,
            ) => return None,
        };
        Some(code)
    }
}
