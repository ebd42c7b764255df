//! What is promised.

use crate::promise::promises;

promises! {
    /// Never do two believe that they hold a lease with time left.
    OneHolder = "one holder",
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours
    /// that took us out and that no settling had accounted for; each such leave
    /// makes one recovered 200. The exception is
    /// [`nobody_can_tell`](super::properties::nobody_can_tell).
    SuccessIsEarned = "200 is earned",
    /// 404 is spoken only if we were out at some moment between the run's acquire
    /// and its answer, and not if an earlier leave of ours took us out that was
    /// sent with evidence and that nobody has settled or spoken of.
    NotFoundIsTrue = "404 is true",
    /// A run to which WhatsApp confirmed answers 200, whatever becomes of its
    /// settling.
    NoSuccessIsLost = "no 200 is lost",
    /// Once all is quiet and the leases are over, one undisturbed run more leaves
    /// no lease and no intent, and a row that agrees with the truth.
    NothingIsLeft = "nothing is left",
    /// A run that was fenced off writes nothing.
    FencedOffWritesNothing = "a fenced-off run writes nothing",
    /// An undisturbed run ends with 200 or 404, never with 503.
    UndisturbedIsDecided = "an undisturbed run is decided",
}
