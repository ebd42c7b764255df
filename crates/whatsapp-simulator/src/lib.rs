//! A simulated chat server that speaks the real wire protocol on loopback.
//!
//! WebSocket on TCP, Noise XX, IK and `XXfallback` under a certificate chain of its own, then
//! stanzas: logins, leaves, metadata, invites, the offline queue. Any client that can be given the
//! root key works on it, and every failure can be had on demand.
//!
//! - [`World`] is what the server knows and what survives a restart.
//! - [`Fault`] is one failure: a [`Moment`] and a [`Reaction`].
//! - [`Record`] is what it saw.
//! - [`Phone`] links a client that registered, by QR code or by typed code.
//!
//! Inside: `connection` accepts, `socket` frames, `handshake` encrypts, `login` admits, `session`
//! serves, `queries`, `start_queries` and `groups` decide, `session_iqs` misbehaves. A client without
//! a device is served by `pairing` until its phone (`phone`, `qr`, `link_code`, `adv`) has linked
//! it; `greeting` is what the phone then writes to it.

mod account_kind;
mod adv;
mod certificate;
mod clock;
mod companions;
mod connection;
mod departure;
mod greeting;
mod groups;
mod handshake;
mod hold;
mod key_bundle;
mod keys;
mod link_code;
mod link_code_requests;
mod link_outcome;
mod login;
mod moment;
mod new_group;
mod offline;
mod pairing;
mod pairing_iqs;
mod pairing_record;
mod pairing_stanzas;
mod phone;
mod phone_keys;
mod qr;
mod queries;
mod reaction;
mod record;
mod registration;
mod script;
mod session;
mod session_iqs;
mod signal_store;
mod socket;
mod stanza;
mod start_queries;
mod state;
mod waiting;
mod wire;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

pub use account_kind::AccountKind;
pub use departure::Departure;
pub use hold::HoldHandle;
pub use link_outcome::{LinkError, LinkedByPhone};
pub use moment::Moment;
pub use new_group::NewGroup;
pub use pairing_record::{CodeRequest, Pairing, PairingAnswer};
pub use phone::Phone;
pub use reaction::{
    CertificateFault, LeaveReplyKind, PairSuccessFault, PairingNotification, Reaction,
    StreamErrorKind,
};
pub use record::{Direction, HandshakeKind, Login, Overlap, Record, Stanza};
pub use script::Fault;
pub use wire::Wire;
pub use world::{Device, GroupKind, Rank, World};

use state::Shared;

/// A running server. Clones are handles to the same one.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
    /// Nothing where no port is listened on.
    address: Option<SocketAddr>,
    stop: Arc<watch::Sender<bool>>,
}

impl Simulator {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no socket can be bound.
    pub async fn start(world: World) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let simulator = Self {
            shared: Arc::new(Shared::new(world)),
            address: Some(listener.local_addr()?),
            stop: Arc::new(watch::Sender::new(false)),
        };
        tokio::spawn(accept(simulator.clone(), listener));
        Ok(simulator)
    }

    /// One that listens nowhere: connections are handed to it.
    pub fn detached(world: World) -> Self {
        Self {
            shared: Arc::new(Shared::new(world)),
            address: None,
            stop: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Serves a client at the other end of `wire`. Returns the connection's number, counted
    /// from 1, as the record has it.
    pub fn connect(&self, wire: Box<dyn Wire>) -> u64 {
        let connection = connection::begin(&self.shared);
        let shared = self.shared.clone();
        // Each connection holds a receiver for as long as it lives, which is how `shutdown`
        // knows that the last one is gone.
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stopped| *stopped) => {}
                () = connection::serve(shared, wire, connection) => {}
            }
        });
        connection
    }

    /// The address that a client dials; one that nobody answers where no port is listened on.
    pub fn url(&self) -> String {
        let address = self.address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 1)));
        format!("ws://{address}/ws/chat")
    }

    /// The public key that the certificate chain begins with.
    pub fn root_key(&self) -> [u8; 32] {
        self.shared.state().world.root_key()
    }

    /// The server's present static key, which a client keeps for IK.
    pub fn server_key(&self) -> [u8; 32] {
        *self.shared.state().world.server_keys().public()
    }

    /// The world as it is now.
    pub fn snapshot(&self) -> World {
        self.shared.state().world.clone()
    }

    /// Counts up whenever the world changes, and when a client begins to wait for a phone or asks
    /// for a code to be accepted.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// Closes every connection, and returns when the last one is closed.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }

    /// Tells `watcher` of each group that an account leaves by its own request, at that moment.
    pub fn watch_departures(&self, watcher: impl Fn(Departure) + Send + Sync + 'static) {
        self.shared.state().departures = Some(Arc::new(watcher));
    }

    /// Links a new device to a phone number without its phone, whose account is made when missing.
    pub fn link_device(&self, phone: &str) -> Device {
        self.shared.change(|world| world.link_device(phone))
    }

    /// Unlinks a device; a live session of it ends with `device_removed`.
    pub fn unlink_device(&self, jid: &str) {
        self.shared.change(|world| world.devices.remove(jid));
        self.shared.throw_out(jid);
    }

    /// Whether a device is linked.
    pub fn is_linked(&self, jid: &str) -> bool {
        self.shared.state().world.devices.contains_key(jid)
    }

    /// Makes a group and returns its JID.
    pub fn create_group(&self, group: NewGroup) -> String {
        self.shared.change(|world| world.create_group(group))
    }

    /// Adds a member without rank; one who is in already keeps their rank.
    pub fn add_member(&self, group: &str, phone: &str) {
        self.shared.change(|world| {
            world.account(phone);
            if let Some(group) = world.groups.get_mut(group) {
                group.members.entry(phone.to_owned()).or_insert(Rank::Member);
            }
        });
    }

    /// Removes a member.
    pub fn remove_member(&self, group: &str, phone: &str) {
        self.shared.change(|world| {
            if let Some(group) = world.groups.get_mut(group) {
                group.members.remove(phone);
            }
        });
    }

    /// Sets the rank of a member.
    pub fn set_rank(&self, group: &str, phone: &str, rank: Rank) {
        self.shared.change(|world| {
            if let Some(held) =
                world.groups.get_mut(group).and_then(|group| group.members.get_mut(phone))
            {
                *held = rank;
            }
        });
    }

    /// Whether an account is in a group.
    pub fn is_member(&self, group: &str, phone: &str) -> bool {
        self.shared.state().world.is_member(group, phone)
    }

    /// Changes what a group is to a community.
    pub fn set_kind(&self, group: &str, kind: GroupKind) {
        self.shared.change(|world| {
            if let Some(group) = world.groups.get_mut(group) {
                group.kind = kind;
            }
        });
    }

    /// Makes a live invite code for a group.
    pub fn invite(&self, group: &str) -> String {
        self.shared.change(|world| world.invite(group))
    }

    /// Revokes an invite code.
    pub fn revoke_invite(&self, code: &str) {
        self.shared.change(|world| {
            if let Some(invite) = world.invites.get_mut(code) {
                invite.revoked = true;
            }
        });
    }

    /// Lets messages wait for a device until its next active login.
    pub fn queue_offline(&self, device_jid: &str, messages: usize) {
        self.shared.change(|world| world.queue_offline(device_jid, messages));
    }

    /// How many messages wait for a device: those it has acknowledged are gone.
    pub fn offline_queued(&self, device_jid: &str) -> usize {
        self.shared.state().world.devices.get(device_jid).map_or(0, |device| device.queue.len())
    }

    /// Gives the server a new static key with a new leaf, so that IK with the old one falls back.
    pub fn rotate_server_key(&self) {
        self.shared.change(World::rotate_server_key);
    }

    /// Queues a failure.
    pub fn script(&self, fault: Fault) {
        self.shared.state().script.push(fault);
    }

    /// Failures that nobody has met yet.
    pub fn unused_faults(&self) -> Vec<Fault> {
        self.shared.state().script.unused()
    }

    /// Forgets the failures that nobody has met yet.
    pub fn forget_faults(&self) {
        self.shared.state().script.forget();
    }

    /// What was seen so far.
    pub fn record(&self) -> Record {
        self.shared.state().record.clone()
    }

    /// Looks at what was seen so far, without a copy. Nothing is served meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.shared.state().record)
    }

    /// Forgets what was seen; sockets that are open still count, but their logins do not.
    pub fn clear_record(&self) {
        self.shared.state().record.clear();
    }
}

/// Accepts until told to stop.
async fn accept(simulator: Simulator, listener: TcpListener) {
    let mut stop = simulator.stop.subscribe();
    loop {
        let tcp = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => tcp,
                Err(_) => continue,
            },
        };
        let _ = tcp.set_nodelay(true);
        simulator.connect(Box::new(tcp));
    }
}
