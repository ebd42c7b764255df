//! Times in which WhatsApp does not listen to a session.

use std::time::Duration;

/// Longest block that is obeyed, whatever WhatsApp (or who speaks in its place) says:
/// nothing locks an instance for ever.
pub const LONGEST_BLOCK: Duration = Duration::from_hours(7 * 24);

/// Why WhatsApp does not listen to a session for a while (`blocked_by`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockReason {
    /// It throttled us.
    Throttled,
    /// It banned the number.
    Banned,
}

impl BlockReason {
    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Banned => "banned",
        }
    }

    /// From `blocked_by`.
    pub fn from_name(name: &str) -> Self {
        match name {
            "banned" => Self::Banned,
            _ => Self::Throttled,
        }
    }
}
