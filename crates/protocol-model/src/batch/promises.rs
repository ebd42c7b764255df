//! What is promised.

use stateright::Property;

use super::Batches;
use super::state::State;
use crate::broken::Promised;

/// A promise of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours
    /// (of the group, or of the community that it went with) that no settling had
    /// accounted for. The exception is
    /// [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell): it is none where
    /// the earlier run knew that it sent nothing, and settled.
    SuccessIsEarned,
    /// 404 is spoken only if we were out at some moment between the run's acquire
    /// and its answer, and not if a leave of ours took us out that was sent with
    /// evidence and of which nobody was told.
    NotFoundIsTrue,
    /// A run to which WhatsApp confirmed answers 200.
    NoSuccessIsLost,
    /// A request says the same of a group, however often and in whatever form it
    /// names it.
    OneVerdict,
    /// Once all is quiet and every group was asked for again, undisturbed, there is
    /// no lease and no intent, and each row agrees with the truth.
    NothingIsLeft,
    /// By then we are out of every group.
    UndisturbedIsDecided,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SuccessIsEarned,
        Self::NotFoundIsTrue,
        Self::NoSuccessIsLost,
        Self::OneVerdict,
        Self::NothingIsLeft,
        Self::UndisturbedIsDecided,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuccessIsEarned => "200 is earned",
            Self::NotFoundIsTrue => "404 is true",
            Self::NoSuccessIsLost => "no 200 is lost",
            Self::OneVerdict => "one verdict for a group",
            Self::NothingIsLeft => "nothing is left",
            Self::UndisturbedIsDecided => "an undisturbed run is decided",
        }
    }

    pub(super) fn property(self) -> Property<Batches> {
        let holds: fn(&Batches, &State) -> bool = match self {
            Self::SuccessIsEarned => |_, state| !state.broken.has(Self::SuccessIsEarned),
            Self::NotFoundIsTrue => |_, state| !state.broken.has(Self::NotFoundIsTrue),
            Self::NoSuccessIsLost => |_, state| !state.broken.has(Self::NoSuccessIsLost),
            Self::OneVerdict => |_, state| !state.broken.has(Self::OneVerdict),
            Self::NothingIsLeft => |_, state| !state.broken.has(Self::NothingIsLeft),
            Self::UndisturbedIsDecided => |_, state| !state.broken.has(Self::UndisturbedIsDecided),
        };
        Property::always(self.name(), holds)
    }
}
