//! What is promised.

use stateright::Property;

use super::Keeping;
use super::state::State;
use crate::broken::Promised;

/// A promise of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Whoever asks with the key and the identifier of the first settled answer,
    /// within its 24 hours, hears that answer or one that a retry may mend. No
    /// answer is given again after them.
    SameAnswer,
    /// Whoever asks with another identifier hears 422, or what a retry may mend; and
    /// 422 is heard by nobody else.
    OtherRequest,
    /// Only rows 13, 14, 15 and 23 are kept.
    KeptIsFinal,
    /// What is kept is not replaced before its end.
    KeptOnce,
    /// A settling whose fence holds is written, whatever becomes of its keeping.
    SettlingIsNeverStopped,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SameAnswer,
        Self::OtherRequest,
        Self::KeptIsFinal,
        Self::KeptOnce,
        Self::SettlingIsNeverStopped,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameAnswer => "the same request hears the same answer",
            Self::OtherRequest => "another request hears 422",
            Self::KeptIsFinal => "what is kept is final",
            Self::KeptOnce => "what is kept is written once",
            Self::SettlingIsNeverStopped => "no settling is stopped",
        }
    }

    pub(super) fn property(self) -> Property<Keeping> {
        let holds: fn(&Keeping, &State) -> bool = match self {
            Self::SameAnswer => |_, state| !state.broken.has(Self::SameAnswer),
            Self::OtherRequest => |_, state| !state.broken.has(Self::OtherRequest),
            Self::KeptIsFinal => |_, state| !state.broken.has(Self::KeptIsFinal),
            Self::KeptOnce => |_, state| !state.broken.has(Self::KeptOnce),
            Self::SettlingIsNeverStopped => {
                |_, state| !state.broken.has(Self::SettlingIsNeverStopped)
            }
        };
        Property::always(self.name(), holds)
    }
}
