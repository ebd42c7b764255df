//! Why there is no lease.

use std::time::Duration;

use domain::block::BlockReason;
use domain::gone::Gone;
use domain::problem::Problem;

use crate::table::StoreError;

/// Why there is no lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// No such instance, or one that is being deleted.
    #[error("no such instance")]
    NotFound,
    /// Never linked, or no login of its device can succeed again.
    #[error("not connected to WhatsApp")]
    NotConnected(Option<Gone>),
    /// WhatsApp does not listen to it for a while.
    #[error("blocked by WhatsApp for {left:?}")]
    Blocked {
        /// Why.
        reason: BlockReason,
        /// How much longer.
        left: Duration,
    },
    /// Another run held it for the whole wait.
    #[error("busy for up to {left:?}")]
    Busy {
        /// Until that run's lease ends.
        left: Duration,
        /// How often it was found busy.
        waits: u32,
    },
    /// As many intents as may be are open, and none of the groups has one.
    #[error("too many open intents, the first of which counts for {left:?}")]
    TooManyOpen {
        /// Until the first of them counts no more.
        left: Duration,
    },
    /// The session could not be read or taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<&AcquireError> for Problem {
    fn from(error: &AcquireError) -> Self {
        match error {
            AcquireError::NotFound => Self::InstanceNotFound,
            AcquireError::NotConnected(_) => Self::NotConnected,
            AcquireError::Blocked { reason: BlockReason::Banned, left } => {
                Self::Banned { retry_after: *left }
            }
            AcquireError::Blocked { reason: BlockReason::Throttled, left } => {
                Self::Throttled { retry_after: *left }
            }
            AcquireError::Busy { left, .. } => Self::Busy { retry_after: *left },
            AcquireError::TooManyOpen { left } => Self::TooManyOpen { retry_after: *left },
            AcquireError::Store(error) => Self::from(error),
        }
    }
}

impl AcquireError {
    /// How often the session was found busy.
    pub fn waits(&self) -> u32 {
        match self {
            Self::Busy { waits, .. } => *waits,
            Self::NotFound
            | Self::NotConnected(_)
            | Self::Blocked { .. }
            | Self::TooManyOpen { .. }
            | Self::Store(_) => 0,
        }
    }
}
