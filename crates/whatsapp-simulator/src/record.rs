//! What the server saw: logins, stanzas, sockets.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;
use wacore_binary::Node;

use crate::pairing_record::Pairing;
use crate::stanza::text;

/// Everything seen since the start, or since the record was cleared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Record {
    /// TCP connections accepted.
    pub connections: usize,
    /// Every login payload that was read, in order.
    pub login_attempts: Vec<Login>,
    /// Every registration that was read, in order.
    pub pairings: Vec<Pairing>,
    /// Every stanza after a login or registration, both ways, in order.
    pub stanzas: Vec<Stanza>,
    /// Every moment when a device had a second socket logged in.
    pub overlaps: Vec<Overlap>,
    open: BTreeMap<String, BTreeSet<u64>>,
    most: BTreeMap<String, usize>,
}

/// One login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The JID in the payload; empty when the payload names none.
    pub device: String,
    /// Whether the client asked not to be sent the offline queue.
    pub passive: bool,
    /// The client's version, such as `2.3000.1`.
    pub version: String,
    /// The number of the connection, counted from 1.
    pub connection: u64,
    /// The handshake before it.
    pub handshake: HandshakeKind,
    /// Whether it was answered with `<success>`.
    pub accepted: bool,
}

/// Which Noise handshake a connection used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeKind {
    /// The full handshake.
    Xx,
    /// The short one, with the server's static key known beforehand.
    Ik,
    /// Begun as IK with a stale key, finished as XX.
    XxFallback,
}

/// Which way a stanza went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Received,
    /// To the client.
    Sent,
}

/// One stanza.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stanza {
    /// The device's JID; empty while a client waits to be linked.
    pub device: String,
    /// The number of its connection.
    pub connection: u64,
    /// Which way it went.
    pub direction: Direction,
    /// The stanza itself.
    pub node: Node,
    /// When it went.
    pub at: Instant,
}

impl Stanza {
    /// The tag, such as `iq`.
    pub fn tag(&self) -> &str {
        &self.node.tag
    }

    /// The namespace, when it has one.
    pub fn xmlns(&self) -> Option<String> {
        text(&self.node, "xmlns")
    }

    /// What an IQ asks for: the tag of its first child, or else its namespace.
    pub fn name(&self) -> String {
        match self.node.children().and_then(<[Node]>::first) {
            Some(child) => child.tag.to_string(),
            None => self.xmlns().unwrap_or_default(),
        }
    }

    /// Whether it is an IQ that asks for an answer.
    fn is_request(&self) -> bool {
        self.tag() == "iq" && self.has_type(&["get", "set"])
    }

    /// Whether it says that something was received.
    pub fn is_acknowledgement(&self) -> bool {
        self.direction == Direction::Received && matches!(self.tag(), "ack" | "receipt")
    }

    fn answers(&self, request: &Self) -> bool {
        self.direction == Direction::Sent
            && self.connection == request.connection
            && self.tag() == "iq"
            && self.has_type(&["result", "error"])
            && text(&self.node, "id") == text(&request.node, "id")
    }

    fn has_type(&self, types: &[&str]) -> bool {
        text(&self.node, "type").is_some_and(|kind| types.contains(&kind.as_str()))
    }
}

/// Two sockets of one device, both logged in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Overlap {
    /// The device's JID.
    pub device: String,
    /// The connection that was there.
    pub older: u64,
    /// The connection that came.
    pub newer: u64,
    /// Whether the older one was still there to be thrown out by the server's `replaced`.
    pub ended_by_replaced: bool,
}

impl Record {
    /// How many logins of a device were accepted.
    pub fn logins(&self, device: &str) -> usize {
        self.accepted(device).count()
    }

    /// The requests of a device by their short names, such as `leave`, `query` or `invite`.
    pub fn iqs(&self, device: &str) -> Vec<String> {
        self.requests(device).map(Stanza::name).collect()
    }

    /// Every `<ack>` and `<receipt>` that a client sent.
    pub fn acks(&self) -> usize {
        self.stanzas.iter().filter(|stanza| stanza.is_acknowledgement()).count()
    }

    /// Sockets of a device that are logged in right now.
    pub fn open_sockets(&self, device: &str) -> usize {
        self.open.get(device).map_or(0, BTreeSet::len)
    }

    /// The most sockets of a device that were logged in at once.
    pub fn max_open_sockets(&self, device: &str) -> usize {
        self.most.get(device).copied().unwrap_or(0)
    }

    /// Round trips that a device waited for after TCP: the WebSocket upgrade, the handshake with
    /// `<success>` (XX 2, IK 1) and each answered IQ.
    pub fn round_trips(&self, device: &str) -> usize {
        let logins: usize = self
            .accepted(device)
            .map(|login| match login.handshake {
                HandshakeKind::Ik => 2,
                HandshakeKind::Xx | HandshakeKind::XxFallback => 3,
            })
            .sum();
        let answered = self
            .requests(device)
            .filter(|request| self.stanzas.iter().any(|stanza| stanza.answers(request)))
            .count();
        logins + answered
    }

    fn accepted<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Login> {
        self.login_attempts.iter().filter(move |login| login.accepted && login.device == device)
    }

    fn requests<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Stanza> {
        self.stanzas.iter().filter(move |stanza| {
            stanza.device == device
                && stanza.direction == Direction::Received
                && stanza.is_request()
        })
    }

    /// The types of the receipts that a device sent, such as `peer_msg` or `hist_sync`; empty for
    /// one without.
    pub fn receipts(&self, device: &str) -> Vec<String> {
        self.stanzas
            .iter()
            .filter(|stanza| {
                stanza.device == device
                    && stanza.direction == Direction::Received
                    && stanza.tag() == "receipt"
            })
            .map(|stanza| text(&stanza.node, "type").unwrap_or_default())
            .collect()
    }

    pub(crate) fn pairing(&mut self, connection: u64, change: impl FnOnce(&mut Pairing)) {
        if let Some(pairing) = self.pairings.iter_mut().find(|p| p.connection == connection) {
            change(pairing);
        }
    }

    pub(crate) fn socket_opened(&mut self, device: &str, connection: u64) {
        let open = self.open.entry(device.to_owned()).or_default();
        open.insert(connection);
        let count = open.len();
        self.note_open(device, count);
    }

    pub(crate) fn socket_closed(&mut self, device: &str, connection: u64) {
        if let Some(open) = self.open.get_mut(device) {
            open.remove(&connection);
        }
    }

    /// Called while the older socket still counts as open, and the newer does not yet.
    pub(crate) fn overlapped(&mut self, overlap: Overlap) {
        let count = self.open_sockets(&overlap.device) + 1;
        self.note_open(&overlap.device, count);
        self.overlaps.push(overlap);
    }

    pub(crate) fn overlap_ended_by_replaced(&mut self, older: u64) {
        if let Some(overlap) = self.overlaps.iter_mut().find(|o| o.older == older) {
            overlap.ended_by_replaced = true;
        }
    }

    pub(crate) fn login_accepted(&mut self, connection: u64) {
        if let Some(login) =
            self.login_attempts.iter_mut().find(|login| login.connection == connection)
        {
            login.accepted = true;
        }
    }

    /// Forgets what is over; sockets that are open stay so.
    pub(crate) fn clear(&mut self) {
        let open = std::mem::take(&mut self.open);
        let most = open.iter().map(|(device, open)| (device.clone(), open.len())).collect();
        *self = Self { open, most, ..Self::default() };
    }

    fn note_open(&mut self, device: &str, count: usize) {
        let most = self.most.entry(device.to_owned()).or_default();
        *most = (*most).max(count);
    }
}
