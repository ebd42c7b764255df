//! Who can do what.

use crate::delivery::Delivery;
use crate::lease::RunId;

/// What WhatsApp makes of a leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It does it, or says that we are not in the group.
    Done,
    /// It does it, and the reply is lost.
    DoneUnheard,
    /// The leave is lost.
    Lost,
    /// It refuses.
    Refused,
    /// The device was logged out; nothing was sent.
    LoggedOut,
    /// Something fails before anything was sent.
    Failed,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A request for a group comes in and reads the kept answer.
    Begin(RunId, usize),
    /// It takes the lease and writes its intent.
    Acquire(RunId),
    /// It reads the kept answer again.
    ReadAgain(RunId),
    /// It leaves the group.
    Leave(RunId, Reply),
    /// It settles, releases and answers.
    Settle(RunId, Delivery),
    /// It keeps the answer after the settling: only when that rule is broken.
    Keep(RunId),
    /// It stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// The device is linked again.
    Relink,
    /// Half a day passes.
    HalfDay,
    /// All is quiet: both groups are asked for again, undisturbed.
    AskAgain,
}
