//! What is promised.

use stateright::Property;

use super::Ages;
use super::state::State;
use crate::broken::Promised;

/// A promise of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours. The
    /// exception is [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell), for 24
    /// hours from the moment when the lost run wrote or renewed the intent or sent,
    /// or from the end of a block that was settled within these.
    SuccessIsEarned,
    /// 404 is spoken only if we were out at some moment between the run's acquire and
    /// its answer, and not within 24 hours of a leave of ours, or of the end of a
    /// block that was settled within these, that was sent with evidence and of
    /// which nobody was told.
    NotFoundIsTrue,
    /// A run that was fenced off writes nothing.
    FencedOffWritesNothing,
    /// Once all is quiet, one undisturbed run more leaves no lease and no intent,
    /// and a row that agrees with the truth.
    NothingIsLeft,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::SuccessIsEarned,
        Self::NotFoundIsTrue,
        Self::FencedOffWritesNothing,
        Self::NothingIsLeft,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuccessIsEarned => "200 is earned",
            Self::NotFoundIsTrue => "404 is true",
            Self::FencedOffWritesNothing => "a fenced-off run writes nothing",
            Self::NothingIsLeft => "nothing is left",
        }
    }

    pub(super) fn property(self) -> Property<Ages> {
        let holds: fn(&Ages, &State) -> bool = match self {
            Self::SuccessIsEarned => |_, state| !state.broken.has(Self::SuccessIsEarned),
            Self::NotFoundIsTrue => |_, state| !state.broken.has(Self::NotFoundIsTrue),
            Self::FencedOffWritesNothing => {
                |_, state| !state.broken.has(Self::FencedOffWritesNothing)
            }
            Self::NothingIsLeft => |_, state| !state.broken.has(Self::NothingIsLeft),
        };
        Property::always(self.name(), holds)
    }
}
