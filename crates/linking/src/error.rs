//! What can go wrong, each situation its own variant, each text with what to do next.

use whatsapp::{Failure, LoginFailure, Step};

/// No device was linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// No connection to WhatsApp.
    #[error("WhatsApp cannot be reached ({0}); check the network, then link again")]
    Unreachable(Failure),
    /// The server is someone else.
    #[error(
        "the server is not WhatsApp ({0}); check WHATSAPP_URL, WHATSAPP_ROOT_KEY and the clock"
    )]
    NotWhatsApp(Failure),
    /// The client version is too old.
    #[error(
        "WhatsApp refuses this client version; set WHATSAPP_VERSION to a current one, then link \
         again"
    )]
    VersionRefused,
    /// WhatsApp refused to begin.
    #[error("WhatsApp refuses to link a device now ({0}); wait some minutes, then link again")]
    Refused(LoginFailure),
    /// The connection ended before the phone had taken the device.
    #[error("the connection was lost ({0}); link again, with a new code")]
    Lost(Failure),
    /// No code was used in time.
    #[error("no code was used in time; link again, with WhatsApp's `Linked devices` open")]
    TimedOut,
    /// Too many pairing codes were asked for. WhatsApp answers 400 or 429.
    #[error(
        "WhatsApp gives no pairing code now ({code}): the number is wrong, or too many codes were \
         asked for; check it, wait some minutes, or link by QR code"
    )]
    CodeThrottled {
        /// WhatsApp's code.
        code: u16,
    },
    /// Linking by code is not for this account. WhatsApp answers 403 or 452.
    #[error("this account cannot be linked by a pairing code ({code}); link by QR code")]
    CodeUnavailable {
        /// WhatsApp's code.
        code: u16,
    },
    /// WhatsApp refused a step of the pairing code with another code.
    #[error("WhatsApp refuses the pairing code ({code}); link again, or by QR code")]
    CodeRefused {
        /// WhatsApp's code.
        code: u16,
    },
    /// The account demands a passkey.
    #[error(
        "this account demands a passkey to link a device, which a terminal cannot give; link a \
         device elsewhere, and import its session"
    )]
    PasskeyDemanded,
    /// The pairing's HMAC was not made with our secret.
    #[error(
        "the pairing was not made with the code shown here (HMAC mismatch); check the phone's \
         `Linked devices` for a stranger, then link again"
    )]
    HmacMismatch,
    /// The account did not sign our identity key.
    #[error(
        "the account did not sign this device's key (signature mismatch); check the phone's \
         `Linked devices` for a stranger, then link again"
    )]
    SignatureMismatch,
    /// The pairing lacks something.
    #[error("WhatsApp's pairing could not be read ({0}); link again, or import a session")]
    Malformed(&'static str),
    /// The first login says that there is no such device.
    #[error(
        "WhatsApp paired the device and then does not know it; check the phone's `Linked devices`, \
         then link again"
    )]
    NotAccepted,
}

impl LinkError {
    /// Whether the same can end otherwise later, without anything being mended.
    pub fn can_change(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Refused(_)
            | Self::Lost(_)
            | Self::TimedOut
            | Self::CodeThrottled { .. } => true,
            Self::NotWhatsApp(_)
            | Self::VersionRefused
            | Self::CodeUnavailable { .. }
            | Self::CodeRefused { .. }
            | Self::PasskeyDemanded
            | Self::HmacMismatch
            | Self::SignatureMismatch
            | Self::Malformed(_)
            | Self::NotAccepted => false,
        }
    }

    /// Whether WhatsApp, or the way to it, does not answer at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(failure) if !failure.is_proxys())
    }
}

impl From<Failure> for LinkError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connect(_) | Failure::Timeout(Step::Dial | Step::Greet) => {
                Self::Unreachable(failure)
            }
            Failure::Certificate(_) => Self::NotWhatsApp(failure),
            Failure::Login(LoginFailure::VersionRefused(_)) => Self::VersionRefused,
            Failure::Login(refused) => Self::Refused(refused),
            Failure::Spent(cause) => Self::from(*cause),
            Failure::Timeout(Step::Login | Step::Iq)
            | Failure::Closed
            | Failure::Protocol(_)
            | Failure::Stream(_)
            | Failure::Iq(_) => Self::Lost(failure),
        }
    }
}

/// The device is linked, but its first login did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// WhatsApp does not know the device: it was not linked, or is unlinked again.
    #[error("WhatsApp does not know the device; check the phone's `Linked devices`")]
    LoggedOut,
    /// The connection failed, also when tried again.
    #[error(
        "the first login failed ({0}); the session is good for leaving groups, but the phone may \
         show the device as still syncing; unlink it and link again if that stays"
    )]
    Connection(Failure),
    /// WhatsApp refused a question of the first login.
    #[error(
        "WhatsApp refused the device's keys ({code}); the session is good for leaving groups, but \
         messages cannot be encrypted to it; unlink it and link again"
    )]
    Refused {
        /// WhatsApp's code.
        code: u16,
    },
    /// WhatsApp holds other keys of the device than were uploaded, also after a second upload.
    #[error(
        "WhatsApp holds other keys than this device's; the session is good for leaving groups, but \
         messages cannot be encrypted to it; unlink it and link again"
    )]
    KeysDiffer,
}

impl From<Failure> for Unfinished {
    fn from(failure: Failure) -> Self {
        match failure {
            failure if failure.is_logged_out() => Self::LoggedOut,
            Failure::Iq(refusal) => Self::Refused { code: refusal.code() },
            failure => Self::Connection(failure),
        }
    }
}
