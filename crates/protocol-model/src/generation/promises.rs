//! What is promised.

use stateright::Property;

use super::Generations;
use super::state::State;
use crate::broken::Promised;

/// A promise of this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of this very
    /// number in this very generation. The exception is
    /// [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell), within one
    /// generation.
    SuccessIsEarned,
    /// 404 does not deny a leave of this number in this generation that was sent
    /// with evidence and of which nobody was told.
    NotFoundIsTrue,
    /// Whoever asks with a key hears the first answer that was settled for it in this
    /// generation, and no other generation's.
    SameAnswer,
    /// The history that is shown is this generation's.
    HistoryIsOwn,
    /// Once linked, the instance is found until a deletion begins.
    LinkedIsFound,
    /// When a deletion is through, nothing of its generation is left.
    DeletedIsGone,
    /// No stanza is sent for a session that is being deleted.
    NothingIsSentWhileDeleting,
    /// What is learned about one device is written on that device only.
    FindingsAreOwn,
    /// Once all is quiet, an undisturbed request more leaves no lease; without a key
    /// no intent and no row either.
    NothingIsLeft,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SuccessIsEarned,
        Self::NotFoundIsTrue,
        Self::SameAnswer,
        Self::HistoryIsOwn,
        Self::LinkedIsFound,
        Self::DeletedIsGone,
        Self::NothingIsSentWhileDeleting,
        Self::FindingsAreOwn,
        Self::NothingIsLeft,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuccessIsEarned => "200 is earned",
            Self::NotFoundIsTrue => "404 is true",
            Self::SameAnswer => "the same request hears the same answer",
            Self::HistoryIsOwn => "the history is its own",
            Self::LinkedIsFound => "a linked instance is found",
            Self::DeletedIsGone => "what is deleted is gone",
            Self::NothingIsSentWhileDeleting => "nothing is sent while deleting",
            Self::FindingsAreOwn => "a finding is its own device's",
            Self::NothingIsLeft => "nothing is left",
        }
    }

    pub(super) fn property(self) -> Property<Generations> {
        let holds: fn(&Generations, &State) -> bool = match self {
            Self::SuccessIsEarned => |_, state| !state.broken.has(Self::SuccessIsEarned),
            Self::NotFoundIsTrue => |_, state| !state.broken.has(Self::NotFoundIsTrue),
            Self::SameAnswer => |_, state| !state.broken.has(Self::SameAnswer),
            Self::HistoryIsOwn => |_, state| !state.broken.has(Self::HistoryIsOwn),
            Self::LinkedIsFound => |_, state| !state.broken.has(Self::LinkedIsFound),
            Self::DeletedIsGone => |_, state| !state.broken.has(Self::DeletedIsGone),
            Self::NothingIsSentWhileDeleting => {
                |_, state| !state.broken.has(Self::NothingIsSentWhileDeleting)
            }
            Self::FindingsAreOwn => |_, state| !state.broken.has(Self::FindingsAreOwn),
            Self::NothingIsLeft => |_, state| !state.broken.has(Self::NothingIsLeft),
        };
        Property::always(self.name(), holds)
    }
}
