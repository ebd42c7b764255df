//! What is promised.

use super::state::State;
use crate::promise::promises;

promises! { of State:
    /// No intent is added beyond the bound. A run that writes its own over an ended
    /// one, which another one is tidying at that moment, adds none.
    AtMostRoom = "intents have a bound",
    /// A group whose intent is open is never row 25.
    RetryPasses = "a retry of an open one passes",
    /// Ended intents lock nobody out: asked for again, a group is row 25 only while
    /// as many are open as fit.
    EndedNeverLock = "ended intents lock nobody out",
    /// A settling whose fence holds is written.
    SettlingIsNeverStopped = "no settling is stopped",
    /// 404 does not deny a leave of ours of the last 24 hours of which nobody was
    /// told.
    NotFoundIsTrue = "404 is true",
}
