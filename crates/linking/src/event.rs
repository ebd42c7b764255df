//! Progress, for whoever shows it.

use std::fmt;
use std::time::Duration;

use domain::credentials::DeviceJid;

/// Something to show. QR texts and codes are secrets until they are used: `Debug` has none.
pub enum Event<'a> {
    /// A QR code to scan, in place of the one before.
    Qr {
        /// What the code holds.
        text: &'a str,
        /// How long it can be scanned.
        valid_for: Duration,
        /// Which one it is, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A code to enter on the phone, in place of the one before.
    Code {
        /// Eight letters and digits; phones show them in two halves.
        code: &'a str,
        /// How long it can be entered.
        valid_for: Duration,
        /// Which one it is, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// WhatsApp retired the secret in the QR code; a new one follows at once.
    Refreshed,
    /// The phone entered the code, and is being answered.
    Entered,
    /// The phone has taken the device.
    Paired {
        /// The device's JID.
        jid: &'a DeviceJid,
    },
    /// The first login.
    Finishing(FirstLogin),
}

/// A step of the first login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLogin {
    /// Connecting and logging in; more than once when the connection fails.
    LoggingIn,
    /// Handing over the keys that messages to the device are encrypted with.
    Keys,
    /// Receiving the phone's first messages.
    Messages,
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Qr { number, of, .. } => write!(f, "Qr({number} of {of})"),
            Self::Code { number, of, .. } => write!(f, "Code({number} of {of})"),
            Self::Refreshed => f.write_str("Refreshed"),
            Self::Entered => f.write_str("Entered"),
            Self::Paired { jid } => write!(f, "Paired({jid})"),
            Self::Finishing(step) => write!(f, "Finishing({step:?})"),
        }
    }
}
