//! Who can do what.

use crate::delivery::Delivery;
use crate::lease::RunId;

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To leave the group.
    Leave,
    /// Something else on the same session: another group, a check.
    Else,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Takes the lease, writes the intent where there is none and reads the row.
    Acquire(RunId, Purpose),
    /// Logs in.
    LogIn(RunId),
    /// WhatsApp refuses the login for a while.
    Ban(RunId),
    /// Renews an earlier intent, or writes its own over one that has ended; asks
    /// for the metadata where there is no row.
    Prepare(RunId, Delivery),
    /// Sends the leave.
    Send(RunId),
    /// WhatsApp applies it, at once or late, on the live socket.
    Apply(RunId),
    /// Reads the reply.
    Receive(RunId),
    /// WhatsApp refuses the target: nothing was done.
    Refuse(RunId),
    /// WhatsApp refuses the target because of too many requests.
    Throttle(RunId),
    /// The stream ends because of too many requests before the reply came.
    CutOff(RunId),
    /// Waits no more for the reply.
    GiveUp(RunId),
    /// Something fails before anything was sent.
    Fail(RunId),
    /// Settles, releases and answers.
    Settle(RunId, Delivery),
    /// Stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// Somebody removes us.
    Remove,
    /// Somebody lets us in again.
    Rejoin,
    /// Half a day passes.
    HalfDay,
    /// All is quiet: one undisturbed run more, after the block if there is one.
    AskAgain,
}
