//! What is promised.

use super::state::State;
use crate::promise::promises;

promises! { of State:
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours. The
    /// exception is
    /// [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell), for 24 hours
    /// from the moment when the lost run wrote or renewed the intent or sent, or from
    /// the end of a block that was settled within these.
    SuccessIsEarned = "200 is earned",
    /// 404 is spoken only if we were out at some moment between the run's acquire and
    /// its answer, and not within 24 hours of a leave of ours, or of the end of a
    /// block that was settled within these, that was sent with evidence and of
    /// which nobody was told.
    NotFoundIsTrue = "404 is true",
    /// A run that was fenced off writes nothing.
    FencedOffWritesNothing = "a fenced-off run writes nothing",
    /// Once all is quiet, one undisturbed run more leaves no lease and no intent,
    /// and a row that agrees with the truth.
    NothingIsLeft = "nothing is left",
}
