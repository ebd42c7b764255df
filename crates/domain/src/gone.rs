//! Devices that cannot log in any more. Source: WhatsApp Web's `WAWebFailureErrorCodes`.

use crate::trace::Reason;

/// Why no login of a device can succeed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The device was unlinked: it has to be linked again.
    Unlinked,
    /// The account is locked (403): its phone says why, and where to appeal.
    Locked,
    /// The number is banned for good (406).
    Banned,
}

impl Gone {
    /// As which it is told to an operator.
    pub fn reason(self) -> Reason {
        match self {
            Self::Unlinked => Reason::LoggedOut,
            Self::Locked => Reason::Locked,
            Self::Banned => Reason::BannedForGood,
        }
    }

    /// Its name, as it is stored and logged.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::Locked => "locked",
            Self::Banned => "banned",
        }
    }

    /// Back from what is stored. A session that was logged out before there were
    /// names has none, and linking again is what there is to try.
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            Some("locked") => Self::Locked,
            Some("banned") => Self::Banned,
            _ => Self::Unlinked,
        }
    }
}
