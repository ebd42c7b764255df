//! What is asked for, and who can do what.

use crate::delivery::Delivery;
use crate::group::Identifier;
use crate::lease::RunId;

/// One target of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// Which group.
    pub group: usize,
    /// How it is named.
    pub by: Identifier,
}

impl Target {
    /// A group by its JID.
    pub const fn jid(group: usize) -> Self {
        Self { group, by: Identifier::Jid }
    }

    /// A group by an invite.
    pub const fn invite(group: usize) -> Self {
        Self { group, by: Identifier::Invite }
    }
}

/// What one run is asked for.
pub type Order = &'static [Target];

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Takes the lease, writes the intents of the JIDs and reads their rows.
    Acquire(RunId, Order),
    /// Logs in.
    LogIn(RunId),
    /// The login fails.
    LoginFails(RunId),
    /// The next target that needs a query is answered; its row or its intent is
    /// written.
    Resolve(RunId, Delivery),
    /// That query is not answered in its share of the time.
    QueryLost(RunId),
    /// The connection fails at that query, and the run knows it.
    ConnectionFails(RunId),
    /// Sends the next stanza: all groups in one, then the communities.
    Send(RunId),
    /// WhatsApp applies what is in flight, at once or late, on the live socket.
    Apply(RunId),
    /// Reads the reply.
    Receive(RunId),
    /// Reads a reply that does not name this group.
    ReceiveWithout(RunId, usize),
    /// Waits no more for the reply, and the connection stands.
    GiveUp(RunId),
    /// The connection fails before the reply.
    ReplyFails(RunId),
    /// Settles, releases and answers.
    Settle(RunId, Delivery),
    /// Stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// Somebody removes us.
    Remove(usize),
    /// Somebody lets us in again.
    Rejoin(usize),
    /// All is quiet: every group is asked for once more, undisturbed.
    AskAgain,
}
