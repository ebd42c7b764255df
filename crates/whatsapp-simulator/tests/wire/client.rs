//! A client by hand: the initiator's side of Noise, a login payload, stanzas.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};
use wacore::framing::{FrameDecoder, encode_frame};
use wacore::libsignal::protocol::{KeyPair, PrivateKey, PublicKey};
use wacore::noise::{
    HandshakeUtils, IkHandshakeState, IkServerHelloOutcome, NoiseCipher, NoiseHandshake,
    build_handshake_header,
};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::consts::{NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER};
use wacore_binary::{Jid, Node, NodeValue, OwnedNodeRef, Server, marshal::marshal};
use waproto::buffa::{Message as _, MessageField};
use waproto::codec;
use waproto::whatsapp::ClientPayload;
use waproto::whatsapp::client_payload::{UserAgent, user_agent::AppVersion};
use whatsapp_simulator::{Device, Simulator};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a certificate chain is not to be trusted.
pub(crate) type Distrust = &'static str;

struct Wire {
    socket: Socket,
    frames: FrameDecoder,
    header: Option<Vec<u8>>,
}

impl Wire {
    async fn dial(simulator: &Simulator, routing: Option<&[u8]>) -> Self {
        let uri = simulator.url().parse().unwrap();
        let (socket, _) = ClientBuilder::from_uri(uri).connect().await.unwrap();
        Self {
            socket,
            frames: FrameDecoder::new(),
            header: Some(build_handshake_header(routing).0),
        }
    }

    async fn send(&mut self, payload: &[u8]) {
        let header = self.header.take();
        let frame = encode_frame(payload, header.as_deref()).unwrap();
        self.socket.send(Message::binary(frame)).await.unwrap();
    }

    async fn receive(&mut self) -> Option<BytesMut> {
        loop {
            if let Some(frame) = self.frames.decode_frame() {
                return Some(frame);
            }
            let message = tokio::time::timeout(Duration::from_secs(10), self.socket.next())
                .await
                .expect("the server says something or closes");
            match message {
                Some(Ok(message)) if message.is_binary() => {
                    self.frames.feed(&Bytes::from(message.into_payload()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

pub(crate) struct Client {
    wire: Wire,
    write: NoiseCipher,
    read: NoiseCipher,
    written: u32,
    read_count: u32,
    requests: u32,
}

/// The login that is not sent the offline queue.
pub(crate) const PASSIVE: bool = true;

fn key_pair(private: &[u8]) -> KeyPair {
    KeyPair::try_from(PrivateKey::deserialize(private).unwrap()).unwrap()
}

fn payload(device: &Device, passive: bool) -> Vec<u8> {
    let jid: Jid = device.jid.parse().unwrap();
    ClientPayload {
        username: Some(jid.user.parse().unwrap()),
        device: Some(u32::from(jid.device)),
        passive: Some(passive),
        user_agent: MessageField::some(UserAgent {
            app_version: MessageField::some(AppVersion {
                primary: Some(2),
                secondary: Some(3000),
                tertiary: Some(7),
                ..AppVersion::default()
            }),
            ..UserAgent::default()
        }),
        ..ClientPayload::default()
    }
    .encode_to_vec()
}

impl Client {
    /// Logs in by XX, and does not read what the server says to that.
    pub(crate) async fn xx(
        simulator: &Simulator,
        device: &Device,
        passive: bool,
    ) -> Result<Self, Distrust> {
        let keys = key_pair(&device.noise_private_key);
        Self::open(simulator, &keys, &payload(device, passive)).await
    }

    /// Connects by XX with any payload.
    pub(crate) async fn open(
        simulator: &Simulator,
        keys: &KeyPair,
        login: &[u8],
    ) -> Result<Self, Distrust> {
        let mut wire = Wire::dial(simulator, Some(b"routing")).await;
        let ephemeral = KeyPair::generate(&mut rand::rng());
        let hello = HandshakeUtils::build_client_hello(ephemeral.public_key.public_key_bytes());
        wire.send(&codec::handshake_message_to_vec(&hello)).await;
        let server_hello = wire.receive().await.ok_or("closed")?;
        Self::finish_xx(simulator, keys, login, wire, NOISE_PATTERN_XX, &ephemeral, &server_hello)
            .await
    }

    /// Logs in by IK; `true` when the server made it fall back.
    pub(crate) async fn ik(
        simulator: &Simulator,
        device: &Device,
        server_key: [u8; 32],
    ) -> (Self, bool) {
        let mut wire = Wire::dial(simulator, None).await;
        let keys = key_pair(&device.noise_private_key);
        let login = payload(device, PASSIVE);
        let mut state = IkHandshakeState::new(keys, server_key, login, &WA_CONN_HEADER).unwrap();
        wire.send(&state.build_client_hello().unwrap()).await;
        let server_hello = wire.receive().await.unwrap();
        match state.read_server_hello(&server_hello).unwrap() {
            IkServerHelloOutcome::Continue(outcome) => {
                (Self::new(wire, outcome.write_cipher, outcome.read_cipher), false)
            }
            IkServerHelloOutcome::Fallback(inputs) => (
                Self::finish_xx(
                    simulator,
                    &key_pair(&device.noise_private_key),
                    &payload(device, PASSIVE),
                    wire,
                    NOISE_PATTERN_XXFALLBACK,
                    &inputs.ephemeral_kp,
                    &inputs.server_hello_bytes,
                )
                .await
                .unwrap(),
                true,
            ),
        }
    }

    async fn finish_xx(
        simulator: &Simulator,
        keys: &KeyPair,
        login: &[u8],
        mut wire: Wire,
        pattern: &str,
        ephemeral: &KeyPair,
        server_hello: &[u8],
    ) -> Result<Self, Distrust> {
        let (server_ephemeral, sealed_static, sealed_chain) =
            HandshakeUtils::parse_server_hello(server_hello).unwrap();
        let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER).unwrap();
        let ours = ephemeral.private_key.serialize();
        noise.authenticate(ephemeral.public_key.public_key_bytes());
        noise.authenticate(&server_ephemeral);
        noise.mix_shared_secret(ours, &server_ephemeral).unwrap();
        let server_static = noise.decrypt(&sealed_static).unwrap();
        noise.mix_shared_secret(ours, &server_static).unwrap();
        let chain = noise.decrypt(&sealed_chain).unwrap();
        verify(&chain, &server_static, &simulator.root_key())?;

        let sealed_key = noise.encrypt(keys.public_key.public_key_bytes()).unwrap();
        noise.mix_shared_secret(keys.private_key.serialize(), &server_ephemeral).unwrap();
        let sealed_payload = noise.encrypt(login).unwrap();
        let finish = HandshakeUtils::build_client_finish(sealed_key, sealed_payload);
        wire.send(&codec::handshake_message_to_vec(&finish)).await;
        let (write, read) = noise.finish().unwrap();
        Ok(Self::new(wire, write, read))
    }

    fn new(wire: Wire, write: NoiseCipher, read: NoiseCipher) -> Self {
        Self { wire, write, read, written: 0, read_count: 0, requests: 0 }
    }

    /// A passive XX login that has succeeded.
    pub(crate) async fn logged_in(simulator: &Simulator, device: &Device) -> Self {
        let mut client = Self::xx(simulator, device, PASSIVE).await.unwrap();
        assert_eq!(client.receive().await.unwrap().tag, "success");
        client
    }

    pub(crate) async fn send(&mut self, stanza: &Node) {
        let sealed =
            self.write.encrypt_with_counter(self.written, &marshal(stanza).unwrap()).unwrap();
        self.written += 1;
        self.wire.send(&sealed).await;
    }

    /// The next stanza; nothing once the server has closed.
    pub(crate) async fn receive(&mut self) -> Option<Node> {
        let mut frame = self.wire.receive().await?;
        self.read.decrypt_in_place_with_counter(self.read_count, &mut frame).unwrap();
        self.read_count += 1;
        let stanza = wacore_binary::util::unpack_bytes(frame).unwrap();
        Some(OwnedNodeRef::new(stanza).unwrap().to_owned_node())
    }

    /// Sends a request without waiting for its answer.
    pub(crate) async fn ask(
        &mut self,
        kind: &'static str,
        xmlns: &'static str,
        to: impl Into<NodeValue>,
        child: Node,
    ) -> String {
        self.requests += 1;
        let id = format!("test-{}", self.requests);
        let iq = NodeBuilder::new("iq")
            .attr("type", kind)
            .attr("xmlns", xmlns)
            .attr("to", to)
            .attr("id", &id)
            .children([child])
            .build();
        self.send(&iq).await;
        id
    }

    /// The next stanza with this tag, past whatever else comes.
    pub(crate) async fn next(&mut self, tag: &str) -> Option<Node> {
        loop {
            let stanza = self.receive().await?;
            if stanza.tag == tag {
                return Some(stanza);
            }
        }
    }

    /// Sends a request that is already built, and returns its answer.
    pub(crate) async fn query(&mut self, iq: &Node) -> Option<Node> {
        let id = iq.attrs.get("id").unwrap().clone();
        self.send(iq).await;
        loop {
            let stanza = self.receive().await?;
            if stanza.tag == "iq" && stanza.attrs.get("id") == Some(&id) {
                return Some(stanza);
            }
        }
    }

    /// Sends a request and returns its answer, past whatever else comes.
    pub(crate) async fn request(
        &mut self,
        kind: &'static str,
        xmlns: &'static str,
        to: impl Into<NodeValue>,
        child: Node,
    ) -> Option<Node> {
        let id = self.ask(kind, xmlns, to, child).await;
        loop {
            let stanza = self.receive().await?;
            if stanza.tag == "iq" && stanza.attrs.get("id").is_some_and(|v| *v == id) {
                return Some(stanza);
            }
        }
    }

    pub(crate) async fn leave(&mut self, targets: impl IntoIterator<Item = Node>) -> Option<Node> {
        let leave = NodeBuilder::new("leave").children(targets).build();
        self.request("set", "w:g2", Jid::new("", Server::Group), leave).await
    }

    pub(crate) async fn metadata(&mut self, group: &str) -> Node {
        let query = NodeBuilder::new("query").attr("request", "interactive");
        let group: Jid = group.parse().unwrap();
        self.request("get", "w:g2", group, query.build()).await.unwrap()
    }

    pub(crate) async fn invite(&mut self, code: &str) -> Node {
        let invite = NodeBuilder::new("invite").attr("code", code).build();
        self.request("get", "w:g2", Jid::new("", Server::Group), invite).await.unwrap()
    }
}

/// The whole check, as a client has to make it.
fn verify(chain: &[u8], server_static: &[u8], root: &[u8; 32]) -> Result<(), Distrust> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let chain = codec::cert_chain_decode(chain).unwrap();
    let intermediate = chain.intermediate.into_option().ok_or("no intermediate")?;
    let leaf = chain.leaf.into_option().ok_or("no leaf")?;
    let mut issuer: Vec<u8> = root.to_vec();
    let mut serial = 0;
    for certificate in [intermediate, leaf] {
        let details = certificate.details.unwrap();
        let key = PublicKey::from_djb_public_key_bytes(&issuer).unwrap();
        if !key.verify_signature(&details, &certificate.signature.unwrap()) {
            return Err("signature");
        }
        let details = codec::noise_certificate_details_decode(&details).unwrap();
        if details.issuer_serial != Some(serial) {
            return Err("issuer serial");
        }
        if now < details.not_before.unwrap() || now > details.not_after.unwrap() {
            return Err("validity");
        }
        issuer = details.key.unwrap();
        serial = details.serial.unwrap();
    }
    if issuer == server_static { Ok(()) } else { Err("leaf key") }
}
