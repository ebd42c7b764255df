//! An IQ that was answered with an error.

use std::fmt;

use super::pause::Pause;

/// The code of throttling, wherever it comes.
pub(crate) const THROTTLED: u16 = 429;

/// `<error code [backoff]>` of an IQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    code: u16,
    backoff: Pause,
}

impl Refusal {
    /// With its `code`, 0 when it had none, and its `backoff`.
    pub fn new(code: u16, backoff: Pause) -> Self {
        Self { code, backoff }
    }

    /// The code as it came. Only who speaks a part of WhatsApp's protocol reads it
    /// (`clippy.toml` keeps that): everybody else gets typed replies.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Its `backoff`.
    pub(crate) fn backoff(&self) -> Pause {
        self.backoff
    }

    /// The time that came with it, when it is throttling.
    pub(crate) fn throttled(&self) -> Option<Pause> {
        (self.code == THROTTLED).then_some(self.backoff)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (backoff {})", self.code, self.backoff)
    }
}
