//! Who can do what.

use super::state::Owner;
use crate::delivery::Delivery;
use crate::group::Identifier;
use crate::lease::RunId;

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the row before the lease: only when that rule is broken.
    ReadRowEarly(RunId),
    /// Takes the lease, and writes the intent for a JID that has none.
    Acquire(RunId, Identifier),
    /// Reads the row.
    ReadRow(RunId),
    /// Logs in. Late logins of a run that was taken over happen too.
    LogIn(RunId),
    /// Asks for the metadata, since there is no row.
    AskMetadata(RunId),
    /// Writes the row that the metadata gave.
    WriteRow(RunId, Delivery),
    /// Resolves an invite: reads the row and writes the intent.
    ResolveInvite(RunId, Delivery),
    /// Checks that the lease has time left.
    CheckLease(RunId),
    /// Sends the leave.
    Send(RunId),
    /// WhatsApp applies the leave, at once or late, on the live socket only.
    Apply(RunId),
    /// Reads the reply.
    Receive(RunId),
    /// Waits no more for a reply: it was lost, or the socket was replaced. The
    /// leave may be lost too, or be applied late.
    GiveUp(RunId),
    /// Something fails before anything was sent.
    Fail(RunId),
    /// Settles, releases and answers.
    Settle(RunId, Delivery),
    /// Takes the intent back after the release: only when that rule is broken.
    TakeBack(RunId),
    /// Stops for ever.
    Crash(RunId),
    /// A lease runs out: its holder stalled, crashed, or never knew of it.
    Expire(Owner),
    /// A delayed duplicate of the run's acquire arrives.
    Duplicate(RunId),
    /// Somebody removes us.
    Remove,
    /// Somebody lets us in again.
    Rejoin,
    /// The sync takes the lease.
    SyncTake,
    /// The sync logs in and asks which groups we are in.
    SyncLook,
    /// The sync writes the row as it saw the truth, and releases.
    SyncWrite,
}
