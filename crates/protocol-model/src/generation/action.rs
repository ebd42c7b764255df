//! Who can do what.

use crate::delivery::Delivery;
use crate::lease::RunId;

/// What becomes of a leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// WhatsApp does it, or says that we are not in the group.
    Done,
    /// It does it, and the reply is lost.
    DoneUnheard,
    /// The leave is lost.
    Lost,
    /// Something fails after the row was made sure of; nothing was sent.
    Unsent,
    /// The device was logged out; nothing was sent.
    LoggedOut,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A request takes the lease, with an `Idempotency-Key` or without, writes its
    /// intent, and reads the row and the kept answer.
    Acquire(RunId, bool),
    /// It makes sure of the row, and leaves.
    Leave(RunId, Reply),
    /// It settles, releases and answers.
    Settle(RunId, Delivery),
    /// It stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// A deletion begins: the session is being deleted from now on.
    Delete,
    /// It goes on with its next item.
    Tidy,
    /// It stops.
    Cut,
    /// A number is linked under the name.
    Link(usize),
    /// The sync writes the row as it sees the truth.
    Sync,
    /// Somebody removes a number from the group.
    Remove(usize),
    /// All is quiet: the group is asked for again, undisturbed.
    AskAgain,
}
