//! What is promised.

use stateright::Property;

use super::Rooms;
use super::state::State;
use crate::broken::Promised;

/// A promise of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// No intent is added beyond the bound. A run that writes its own over an ended
    /// one, which another one is tidying at that moment, adds none.
    AtMostRoom,
    /// A group whose intent is open is never row 25.
    RetryPasses,
    /// Ended intents lock nobody out: asked for again, a group is row 25 only while
    /// as many are open as fit.
    EndedNeverLock,
    /// A settling whose fence holds is written.
    SettlingIsNeverStopped,
    /// 404 does not deny a leave of ours of the last 24 hours of which nobody was
    /// told.
    NotFoundIsTrue,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::AtMostRoom,
        Self::RetryPasses,
        Self::EndedNeverLock,
        Self::SettlingIsNeverStopped,
        Self::NotFoundIsTrue,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtMostRoom => "intents have a bound",
            Self::RetryPasses => "a retry of an open one passes",
            Self::EndedNeverLock => "ended intents lock nobody out",
            Self::SettlingIsNeverStopped => "no settling is stopped",
            Self::NotFoundIsTrue => "404 is true",
        }
    }

    pub(super) fn property(self) -> Property<Rooms> {
        let holds: fn(&Rooms, &State) -> bool = match self {
            Self::AtMostRoom => |_, state| !state.broken.has(Self::AtMostRoom),
            Self::RetryPasses => |_, state| !state.broken.has(Self::RetryPasses),
            Self::EndedNeverLock => |_, state| !state.broken.has(Self::EndedNeverLock),
            Self::SettlingIsNeverStopped => {
                |_, state| !state.broken.has(Self::SettlingIsNeverStopped)
            }
            Self::NotFoundIsTrue => |_, state| !state.broken.has(Self::NotFoundIsTrue),
        };
        Property::always(self.name(), holds)
    }
}
