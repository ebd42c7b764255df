//! What is promised.

use super::state::State;
use crate::promise::promises;

promises! { of State:
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of this very
    /// number in this very generation. The exception is
    /// [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell), within one
    /// generation.
    SuccessIsEarned = "200 is earned",
    /// 404 does not deny a leave of this number in this generation that was sent
    /// with evidence and of which nobody was told.
    NotFoundIsTrue = "404 is true",
    /// Whoever asks with a key hears the first answer that was settled for it in this
    /// generation, and no other generation's.
    SameAnswer = "the same request hears the same answer",
    /// The history that is shown is this generation's.
    HistoryIsOwn = "the history is its own",
    /// Once linked, the instance is found until a deletion begins.
    LinkedIsFound = "a linked instance is found",
    /// When a deletion is through, nothing of its generation is left.
    DeletedIsGone = "what is deleted is gone",
    /// No stanza is sent for a session that is being deleted.
    NothingIsSentWhileDeleting = "nothing is sent while deleting",
    /// What is learned about one device is written on that device only.
    FindingsAreOwn = "a finding is its own device's",
    /// Once all is quiet, an undisturbed request more leaves no lease; without a key
    /// no intent and no row either.
    NothingIsLeft = "nothing is left",
}
