//! What is promised.

use super::state::State;
use crate::promise::promises;

promises! { of State:
    /// Whoever asks with the key and the identifier of the first settled answer,
    /// within its 24 hours, hears that answer or one that a retry may mend. No
    /// answer is given again after them.
    SameAnswer = "the same request hears the same answer",
    /// Whoever asks with another identifier hears 422, or what a retry may mend; and
    /// 422 is heard by nobody else.
    OtherRequest = "another request hears 422",
    /// Only rows 13, 14, 15 and 23 are kept.
    KeptIsFinal = "what is kept is final",
    /// What is kept is not replaced before its end.
    KeptOnce = "what is kept is written once",
    /// A settling whose fence holds is written, whatever becomes of its keeping.
    SettlingIsNeverStopped = "no settling is stopped",
}
