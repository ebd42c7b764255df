//! What is promised.

use super::state::State;
use crate::promise::promises;

promises! { of State:
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours
    /// (of the group, or of the community that it went with) that no settling had
    /// accounted for. The exception is
    /// [`nobody_can_tell`](crate::one_group::properties::nobody_can_tell): it is none where
    /// the earlier run knew that it sent nothing, and settled.
    SuccessIsEarned = "200 is earned",
    /// 404 is spoken only if we were out at some moment between the run's acquire
    /// and its answer, and not if a leave of ours took us out that was sent with
    /// evidence and of which nobody was told.
    NotFoundIsTrue = "404 is true",
    /// A run to which WhatsApp confirmed answers 200.
    NoSuccessIsLost = "no 200 is lost",
    /// A request says the same of a group, however often and in whatever form it
    /// names it.
    OneVerdict = "one verdict for a group",
    /// Once all is quiet and every group was asked for again, undisturbed, there is
    /// no lease and no intent, and each row agrees with the truth.
    NothingIsLeft = "nothing is left",
    /// By then we are out of every group.
    UndisturbedIsDecided = "an undisturbed run is decided",
}
