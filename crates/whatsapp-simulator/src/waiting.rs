//! Clients that wait to be linked, and what is asked of their connections.

use std::collections::{BTreeMap, HashSet};

use tokio::sync::{mpsc, oneshot};
use wacore_binary::Node;

use crate::account_kind::AccountKind;
use crate::link_code::{CompanionFinish, CompanionHello};
use crate::link_outcome::{LinkError, LinkedByPhone};
use crate::registration::Registration;

/// A client that is registered but not linked.
pub(crate) struct Waiting {
    pub(crate) registration: Registration,
    /// Those that a phone may still scan.
    pub(crate) refs: Vec<String>,
    /// Its last request for a code to be accepted.
    pub(crate) hello: Option<CompanionHello>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
}

/// What a phone or a test asks of the connection of a waiting client.
pub(crate) enum Order {
    /// Pass this on.
    Notify(Node),
    /// Pass on that a code was typed in, and hand back what the companion says to that.
    PrimaryHello { notification: Node, finish: oneshot::Sender<CompanionFinish> },
    /// Tell the companion that it is linked.
    Link(LinkOrder),
}

pub(crate) struct LinkOrder {
    pub(crate) phone: String,
    pub(crate) kind: AccountKind,
    pub(crate) adv_secret: [u8; 32],
    pub(crate) done: oneshot::Sender<Result<LinkedByPhone, LinkError>>,
}

/// Whether a ref was given out.
pub(crate) enum Seen {
    Never,
    /// It was, and is no longer valid.
    Before,
    /// It is the one of this connection.
    Valid(u64),
}

/// All of them, by the number of their connection.
#[derive(Default)]
pub(crate) struct WaitingRoom {
    waiting: BTreeMap<u64, Waiting>,
    used_refs: HashSet<String>,
}

impl WaitingRoom {
    pub(crate) fn enter(&mut self, connection: u64, waiting: Waiting) {
        self.waiting.insert(connection, waiting);
    }

    pub(crate) fn leave(&mut self, connection: u64) {
        self.use_up(connection);
        self.waiting.remove(&connection);
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn get(&self, connection: u64) -> Option<&Waiting> {
        self.waiting.get(&connection)
    }

    pub(crate) fn get_mut(&mut self, connection: u64) -> Option<&mut Waiting> {
        self.waiting.get_mut(&connection)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values()
    }

    pub(crate) fn find_ref(&self, pairing_ref: &str) -> Seen {
        let valid = self
            .waiting
            .iter()
            .find(|(_, waiting)| waiting.refs.iter().any(|known| known == pairing_ref));
        match valid {
            Some((connection, _)) => Seen::Valid(*connection),
            None if self.used_refs.contains(pairing_ref) => Seen::Before,
            None => Seen::Never,
        }
    }

    /// The newest client that wants this number's phone to accept a code.
    pub(crate) fn find_hello(&self, phone: &str) -> Option<(u64, CompanionHello)> {
        self.waiting.iter().rev().find_map(|(connection, waiting)| {
            let hello = waiting.hello.as_ref().filter(|hello| hello.phone == phone)?;
            Some((*connection, hello.clone()))
        })
    }

    /// Makes the refs of a client invalid.
    pub(crate) fn use_up(&mut self, connection: u64) {
        if let Some(waiting) = self.waiting.get_mut(&connection) {
            self.used_refs.extend(waiting.refs.drain(..));
        }
    }

    /// Makes the refs of every client invalid.
    pub(crate) fn use_up_all(&mut self) {
        for waiting in self.waiting.values_mut() {
            self.used_refs.extend(waiting.refs.drain(..));
        }
    }
}
