//! Who can do what.

use crate::delivery::Delivery;
use crate::lease::RunId;

/// What a run is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// These groups, by their JIDs.
    Jids(&'static [usize]),
    /// This group, by an invite.
    Invite(usize),
}

/// What becomes of a run's leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// WhatsApp does it, or says that we are not in the group.
    Done,
    /// It does it, and the reply is lost.
    DoneUnheard,
    /// Something fails before the stanza.
    Unsent,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Takes the lease if all fits; otherwise sees what stands.
    Acquire(RunId, Order),
    /// Removes ended intents, as it saw them.
    MakeRoom(RunId),
    /// Takes the lease for what was let in.
    AcquireAgain(RunId),
    /// Learns an invite's JID under the lease, and writes its intent.
    Resolve(RunId),
    /// Renews what it has to renew, and leaves.
    Leave(RunId, Reply),
    /// Settles, releases and answers.
    Settle(RunId, Delivery),
    /// Stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// Half a day passes.
    HalfDay,
    /// All is quiet: each group is asked for again, undisturbed.
    AskAgain,
}
