//! A logged-in client.

mod misbehaviour;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, OwnedNodeRef, marshal::marshal, util::unpack_bytes};

use crate::handshake::Cipher;
use crate::hold::HoldHandle;
use crate::reaction::StreamErrorKind;
use crate::record::{Direction, Overlap, Stanza};
use crate::socket::{Closed, Socket};
use crate::stanza::{jid, stream_error, text};
use crate::state::{Control, Shared};

pub(crate) use misbehaviour::Rest;

/// How long a client has to hang up by itself.
const GRACE: Duration = Duration::from_secs(1);

/// One connection after its handshake. Dropping it closes the socket and ends the session.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    socket: Socket,
    cipher: Cipher,
    pub(crate) connection: u64,
    pub(crate) device: String,
    pub(crate) phone: String,
    active: bool,
    control: mpsc::UnboundedReceiver<Control>,
}

impl Session {
    pub(crate) fn new(
        shared: Arc<Shared>,
        socket: Socket,
        cipher: Cipher,
        connection: u64,
        device: String,
        active: bool,
    ) -> Self {
        // Nobody can ask anything of a connection before it holds its device's session.
        let (_, control) = mpsc::unbounded_channel();
        Self { shared, socket, cipher, connection, device, phone: String::new(), active, control }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// The device's LID, when the device is linked and the proven key is its key.
    pub(crate) fn identify(&mut self, client_static: &[u8]) -> Option<String> {
        let state = self.shared.state();
        let linked = state.world.devices.get(&self.device)?;
        if linked.noise_public_key != client_static {
            return None;
        }
        let (phone, lid) = (linked.phone.clone(), linked.lid.clone());
        drop(state);
        self.phone = phone;
        Some(lid)
    }

    /// Whether the device is one that can be written to: linked by a phone, or with an upload.
    pub(crate) fn has_published_keys(&self) -> bool {
        let state = self.shared.state();
        state.world.devices.get(&self.device).is_some_and(|device| device.bundle.is_some())
    }

    /// Becomes the device's one session.
    pub(crate) async fn take_over(&mut self) {
        self.control = self.shared.take_over(&self.device, self.connection).await;
    }

    /// Says that the login is good; from here on the socket counts as logged in.
    pub(crate) async fn accept(&mut self, success: Node) -> Result<(), Closed> {
        {
            let mut state = self.shared.state();
            state.record.login_accepted(self.connection);
            state.record.socket_opened(&self.device, self.connection);
        }
        self.send(success).await
    }

    pub(crate) async fn serve(mut self) -> Result<(), Closed> {
        loop {
            tokio::select! {
                biased;
                Some(control) = self.control.recv() => {
                    self.obey(control).await;
                    return Ok(());
                }
                frame = self.socket.receive() => {
                    let stanza = self.read(frame?)?;
                    self.handle(stanza).await?;
                }
            }
        }
    }

    /// The client's next stanza. May be cancelled: no frame is lost.
    pub(crate) async fn receive(&mut self) -> Result<Node, Closed> {
        let frame = self.socket.receive().await?;
        self.read(frame)
    }

    fn read(&mut self, frame: BytesMut) -> Result<Node, Closed> {
        let stanza = self.open(frame)?;
        self.note(Direction::Received, &stanza);
        Ok(stanza)
    }

    async fn handle(&mut self, stanza: Node) -> Result<(), Closed> {
        match stanza.tag.as_ref() {
            "iq" => match text(&stanza, "type").as_deref() {
                Some("get" | "set") => self.answer(stanza).await,
                _ => Ok(()),
            },
            "ack" => {
                self.acknowledge(&stanza);
                Ok(())
            }
            "receipt" => {
                self.acknowledge(&stanza);
                self.send(receipt_ack(&stanza)).await
            }
            _ => Ok(()),
        }
    }

    fn acknowledge(&self, stanza: &Node) {
        let taken = self.shared.state().world.acknowledge(&self.device, stanza);
        if taken {
            self.shared.changed();
        }
    }

    /// A passive session wants its queue after all.
    pub(crate) async fn activate(&mut self) -> Result<(), Closed> {
        if self.active {
            return Ok(());
        }
        self.active = true;
        self.deliver_queue().await
    }

    pub(crate) async fn deliver_queue(&mut self) -> Result<(), Closed> {
        self.shared.greet(&self.device).await;
        let delivery = self.shared.state().world.offline_delivery(&self.device);
        for stanza in delivery {
            self.send(stanza).await?;
        }
        Ok(())
    }

    /// Waits for the release. The socket may be closed meanwhile, by either side.
    pub(crate) async fn hold(&mut self, handle: &HoldHandle) {
        handle.mark_reached();
        loop {
            tokio::select! {
                biased;
                () = handle.released() => return,
                Some(control) = self.control.recv() => self.obey(control).await,
                kept = self.socket.set_next_aside(), if self.socket.is_open() => {
                    if kept.is_err() {
                        self.closed();
                    }
                }
            }
        }
    }

    async fn obey(&mut self, control: Control) {
        match control {
            Control::DeviceRemoved => {
                let _ = self.send(stream_error(StreamErrorKind::DeviceRemoved)).await;
                self.finish().await;
            }
            Control::Replaced { newer, out } => {
                if self.socket.is_live() {
                    self.shared.state().record.overlapped(Overlap {
                        device: self.device.clone(),
                        older: self.connection,
                        newer,
                        ended_by_replaced: false,
                    });
                    let told = self.send(stream_error(StreamErrorKind::Replaced)).await;
                    if told.is_ok() {
                        self.shared.state().record.overlap_ended_by_replaced(self.connection);
                    }
                }
                self.finish().await;
                let _ = out.send(());
            }
        }
    }

    fn open(&mut self, mut frame: BytesMut) -> Result<Node, Closed> {
        self.cipher.decrypt(&mut frame).map_err(|_| Closed)?;
        let stanza = unpack_bytes(frame).map_err(|_| Closed)?;
        let stanza = OwnedNodeRef::new(stanza).map_err(|_| Closed)?;
        Ok(stanza.to_owned_node())
    }

    pub(crate) async fn send(&mut self, stanza: Node) -> Result<(), Closed> {
        if !self.socket.is_open() {
            return Err(Closed);
        }
        let plaintext = marshal(&stanza).map_err(|_| Closed)?;
        // Noted first, so that a client that has the stanza finds it in the record.
        self.note(Direction::Sent, &stanza);
        self.send_plaintext(&plaintext).await
    }

    pub(crate) async fn send_plaintext(&mut self, plaintext: &[u8]) -> Result<(), Closed> {
        let sealed = self.cipher.encrypt(plaintext).map_err(|_| Closed)?;
        self.socket.send_frame(&sealed).await
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Closed> {
        self.socket.send_bytes(bytes).await
    }

    /// The last stanza of this stream. Never `Ok`, so that a caller can end with it.
    pub(crate) async fn end_with<T>(&mut self, stanza: Node) -> Result<T, Closed> {
        self.send(stanza).await?;
        self.finish().await;
        Err(Closed)
    }

    /// The last stanza of this stream, after which the client is to hang up itself: one that finds
    /// the socket closed before it has read the stanza takes the link for a lost connection.
    pub(crate) async fn end_after_client<T>(&mut self, stanza: Node) -> Result<T, Closed> {
        self.send(stanza).await?;
        let _ = timeout(GRACE, self.ignore_until_closed::<()>()).await;
        self.finish().await;
        Err(Closed)
    }

    /// Leaves the client without another word until it goes.
    pub(crate) async fn ignore_until_closed<T>(&mut self) -> Result<T, Closed> {
        loop {
            self.socket.receive().await?;
        }
    }

    /// Closes without a word. Never `Ok`, so that a caller can end with it.
    pub(crate) fn drop_connection<T>(&mut self) -> Result<T, Closed> {
        self.abort();
        Err(Closed)
    }

    async fn finish(&mut self) {
        self.socket.finish().await;
        self.closed();
    }

    pub(crate) fn abort(&mut self) {
        self.socket.abort();
        self.closed();
    }

    fn closed(&self) {
        self.shared.socket_closed(&self.device, self.connection);
    }

    fn note(&self, direction: Direction, stanza: &Node) {
        self.shared.state().record.stanzas.push(Stanza {
            device: self.device.clone(),
            connection: self.connection,
            direction,
            node: stanza.clone(),
            at: Instant::now(),
        });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.socket.abort();
        self.shared.release(&self.device, self.connection);
    }
}

fn receipt_ack(receipt: &Node) -> Node {
    let from = text(receipt, "to").unwrap_or_default();
    let mut ack = NodeBuilder::new("ack")
        .attr("class", "receipt")
        .attr("id", text(receipt, "id").unwrap_or_default())
        .attr("from", jid(&from));
    if let Some(kind) = text(receipt, "type") {
        ack = ack.attr("type", kind);
    }
    ack.build()
}
