//! What a world is put through: a list that is drawn first, so that steps can be left out.

mod asks;
mod draw;
mod server;
mod stories;

use std::time::Duration;

pub(crate) use draw::Draw;
pub(crate) use server::Refuses;
use whatsapp_simulator::{Fault, Rank};

use crate::machine::Trouble;

/// One request, one operator's act, or one disturbance.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its place in the list, whatever is left out of it.
    pub(crate) number: u64,
    pub(crate) what: What,
    /// The next one does not wait for it; so long until then, in milliseconds.
    pub(crate) overlap: Option<u64>,
    /// Where it is a run that freezes, its lease ends meanwhile.
    pub(crate) takeover: Option<Takeover>,
    /// It waits until all that is under way has ended.
    pub(crate) rests: bool,
}

/// What happens while a run is frozen, and its lease ends.
#[derive(Debug, Clone)]
pub(crate) struct Takeover {
    /// Somebody adds an instance to a group again.
    pub(crate) rejoins: Option<(usize, String)>,
    /// Another request of the same session.
    pub(crate) rival: Option<Ask>,
    /// Clocks are set back instead, and show a lease that is over.
    pub(crate) sets_back: bool,
}

impl Step {
    /// What happens to a run that freezes for so long that another one takes its lease.
    pub(crate) fn takes_over(&self) -> Option<&Takeover> {
        let trouble = match &self.what {
            What::Leave(ask) | What::Command(_, ask) | What::Queue(_, ask) => ask.trouble,
            What::Operate(_, _, hand) => hand.trouble,
            _ => return None,
        };
        self.takeover.as_ref().filter(|_| trouble.freeze.is_some())
    }
}

/// What a step is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A request over HTTP.
    Leave(Ask),
    /// Half a day later the same is asked again.
    Later(i64, Ask),
    /// A typed command.
    Command(Vec<String>, Ask),
    /// Messages of a queue.
    Queue(Vec<Message>, Ask),
    /// The schedule's check of the sessions that are due.
    Check(Ask),
    /// An operator's act on an instance.
    Operate(usize, Act, Hand),
    /// Somebody does something to the account of an instance, or to a group.
    Others(usize, &'static str, Other),
    /// Clocks move.
    Time(Time),
    /// An environment ends; a new one has a clock of its own.
    Environment(i64),
    /// So many leaves of other groups have no outcome, and so many had none once: as if as many
    /// runs had crashed before.
    Crowd(usize, usize, usize),
}

impl What {
    /// Whether hours go by with it.
    fn is_long(&self) -> bool {
        const HOUR: i64 = 60 * 60 * 1_000;
        match self {
            Self::Later(by, _) | Self::Time(Time::By(by)) => *by >= HOUR,
            Self::Time(Time::AboutADay(_)) => true,
            _ => false,
        }
    }
}

/// Whose token a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// The account's.
    Account,
    /// The instance's own, with a small limit.
    Own,
    /// One of the instance's that was revoked.
    Former,
    /// That of another instance of the account.
    Neighbour,
    /// One that was never issued.
    Nobody,
}

/// A request that leaves.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) instance: usize,
    pub(crate) identifier: String,
    pub(crate) key: Option<u8>,
    pub(crate) bearer: Bearer,
    pub(crate) remaining: Duration,
    pub(crate) trouble: Trouble,
    /// What WhatsApp does instead of its usual answers.
    pub(crate) server: Vec<Fault>,
}

impl Ask {
    /// A plain one, which nothing befalls.
    pub(crate) fn plain(instance: usize, identifier: &str) -> Self {
        Self {
            instance,
            identifier: identifier.to_owned(),
            key: None,
            bearer: Bearer::Account,
            remaining: Duration::from_secs(29),
            trouble: Trouble::default(),
            server: Vec::new(),
        }
    }
}

/// A message of a queue: a command to leave.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) instance: usize,
    pub(crate) identifiers: Vec<String>,
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Sync,
    Rotate,
    Prune,
    SetProxy(bool),
    Check,
    /// The device is linked anew, and stored as it is.
    Relink,
    /// The same, and tried before it is stored.
    Import,
    /// A QR code is scanned.
    LinkByQr,
    Delete,
    DeleteAndLink,
    Unblock,
    /// The instance's own token is revoked, and another one issued.
    RenewToken,
}

/// How an operator's machine is.
#[derive(Debug, Clone)]
pub(crate) struct Hand {
    pub(crate) skew: i64,
    pub(crate) trouble: Trouble,
    /// Nothing befalls its calls and connections.
    pub(crate) is_calm: bool,
    /// What WhatsApp does instead of its usual answers.
    pub(crate) server: Vec<Fault>,
}

impl Hand {
    /// One that nothing befalls.
    pub(crate) fn calm() -> Self {
        Self { skew: 0, trouble: Trouble::default(), is_calm: true, server: Vec::new() }
    }
}

/// What others do at WhatsApp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Add,
    Remove,
    /// The account gets a rank in the group; as the community's owner it cannot leave it.
    Rank(Rank),
    /// A plain group becomes one of the community's, or is one no more.
    Attach(bool),
    /// The group's invite is revoked.
    RevokeInvite,
    /// Somebody removes the devices on the phone.
    Unlink,
    /// Messages wait for the device.
    Write,
    /// Another program logs in with the same device, and hangs up.
    Program,
}

/// How clocks move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// Past any lease.
    PastTheLease,
    /// By so many milliseconds.
    By(i64),
    /// So many milliseconds before or after a day.
    AboutADay(i64),
}
