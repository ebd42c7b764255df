//! The responder's side of Noise XX, IK and `XXfallback`.

use bytes::BytesMut;
use wacore::libsignal::protocol::KeyPair;
use wacore::noise::{HandshakeError, NoiseCipher, NoiseError, NoiseHandshake};
use wacore_binary::consts::{
    NOISE_PATTERN_IK, NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER,
};
use waproto::buffa::{DecodeError, MessageField};
use waproto::codec::{handshake_message_decode, handshake_message_to_vec};
use waproto::whatsapp::HandshakeMessage;
use waproto::whatsapp::handshake_message::{ClientHello, ServerHello};

use crate::keys::Keys;
use crate::record::HandshakeKind;
use crate::socket::{Closed, Socket};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeFailure {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    Noise(#[from] HandshakeError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("the client left out a part of the handshake")]
    Incomplete,
}

/// An encrypted connection with a client whose key is proven, but whose claims are not yet.
pub(crate) struct Established {
    pub(crate) kind: HandshakeKind,
    pub(crate) client_static: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) cipher: Cipher,
}

/// Both directions of the transport encryption.
pub(crate) struct Cipher {
    write: NoiseCipher,
    read: NoiseCipher,
    written: u32,
    read_count: u32,
}

impl Cipher {
    /// The initiator's keys come first out of a finished handshake; we are the responder.
    fn of_responder(noise: NoiseHandshake) -> Result<Self, HandshakeError> {
        let (initiator, responder) = noise.finish()?;
        Ok(Self { write: responder, read: initiator, written: 0, read_count: 0 })
    }

    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, NoiseError> {
        let sealed = self.write.encrypt_with_counter(self.written, plaintext)?;
        self.written = self.written.wrapping_add(1);
        Ok(sealed)
    }

    pub(crate) fn decrypt(&mut self, frame: &mut BytesMut) -> Result<(), NoiseError> {
        self.read.decrypt_in_place_with_counter(self.read_count, frame)?;
        self.read_count = self.read_count.wrapping_add(1);
        Ok(())
    }
}

/// Reads the client's first message.
pub(crate) async fn read_hello(socket: &mut Socket) -> Result<ClientHello, HandshakeFailure> {
    let frame = socket.receive().await?;
    handshake_message_decode(&frame)?.client_hello.into_option().ok_or(HandshakeFailure::Incomplete)
}

/// Answers the client's first message, and finishes as the pattern asks.
pub(crate) async fn respond(
    socket: &mut Socket,
    hello: ClientHello,
    server: &Keys,
    chain: &[u8],
) -> Result<Established, HandshakeFailure> {
    let ephemeral = hello.ephemeral.ok_or(HandshakeFailure::Incomplete)?;
    let Some(sealed_static) = hello.r#static else {
        return respond_xx(socket, HandshakeKind::Xx, &ephemeral, server, chain).await;
    };
    let sealed_payload = hello.payload.ok_or(HandshakeFailure::Incomplete)?;
    match read_ik(&ephemeral, &sealed_static, &sealed_payload, server) {
        Ok(opened) => respond_ik(socket, opened, &ephemeral, chain).await,
        // Sealed for another static key than ours: the client's copy is stale.
        Err(_) => respond_xx(socket, HandshakeKind::XxFallback, &ephemeral, server, chain).await,
    }
}

struct OpenedIk {
    noise: NoiseHandshake,
    client_static: Vec<u8>,
    payload: Vec<u8>,
}

fn read_ik(
    client_ephemeral: &[u8],
    sealed_static: &[u8],
    sealed_payload: &[u8],
    server: &Keys,
) -> Result<OpenedIk, HandshakeError> {
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, &WA_CONN_HEADER)?;
    noise.authenticate(server.public());
    noise.authenticate(client_ephemeral);
    noise.mix_shared_secret(server.private(), client_ephemeral)?;
    let client_static = noise.decrypt(sealed_static)?;
    noise.mix_shared_secret(server.private(), &client_static)?;
    let payload = noise.decrypt(sealed_payload)?;
    Ok(OpenedIk { noise, client_static, payload })
}

async fn respond_ik(
    socket: &mut Socket,
    opened: OpenedIk,
    client_ephemeral: &[u8],
    chain: &[u8],
) -> Result<Established, HandshakeFailure> {
    let OpenedIk { mut noise, client_static, payload } = opened;
    let ours = KeyPair::generate(&mut rand::rng());
    let public = ours.public_key.public_key_bytes();
    noise.authenticate(public);
    noise.mix_shared_secret(ours.private_key.serialize(), client_ephemeral)?;
    noise.mix_shared_secret(ours.private_key.serialize(), &client_static)?;
    let sealed_chain = noise.encrypt(chain)?;
    send_hello(
        socket,
        ServerHello {
            ephemeral: Some(public.to_vec()),
            payload: Some(sealed_chain),
            ..ServerHello::default()
        },
    )
    .await?;
    Ok(Established {
        kind: HandshakeKind::Ik,
        client_static,
        payload,
        cipher: Cipher::of_responder(noise)?,
    })
}

/// XX and `XXfallback` differ in their name only: the client's ephemeral key is already here.
async fn respond_xx(
    socket: &mut Socket,
    kind: HandshakeKind,
    client_ephemeral: &[u8],
    server: &Keys,
    chain: &[u8],
) -> Result<Established, HandshakeFailure> {
    let pattern = match kind {
        HandshakeKind::XxFallback => NOISE_PATTERN_XXFALLBACK,
        HandshakeKind::Xx | HandshakeKind::Ik => NOISE_PATTERN_XX,
    };
    let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER)?;
    noise.authenticate(client_ephemeral);
    let ours = KeyPair::generate(&mut rand::rng());
    let public = ours.public_key.public_key_bytes();
    noise.authenticate(public);
    noise.mix_shared_secret(ours.private_key.serialize(), client_ephemeral)?;
    let sealed_static = noise.encrypt(server.public())?;
    noise.mix_shared_secret(server.private(), client_ephemeral)?;
    let sealed_chain = noise.encrypt(chain)?;
    send_hello(
        socket,
        ServerHello {
            ephemeral: Some(public.to_vec()),
            r#static: Some(sealed_static),
            payload: Some(sealed_chain),
            ..ServerHello::default()
        },
    )
    .await?;

    let frame = socket.receive().await?;
    let finish = handshake_message_decode(&frame)?
        .client_finish
        .into_option()
        .ok_or(HandshakeFailure::Incomplete)?;
    let sealed_static = finish.r#static.ok_or(HandshakeFailure::Incomplete)?;
    let sealed_payload = finish.payload.ok_or(HandshakeFailure::Incomplete)?;
    let client_static = noise.decrypt(&sealed_static)?;
    noise.mix_shared_secret(ours.private_key.serialize(), &client_static)?;
    let payload = noise.decrypt(&sealed_payload)?;
    Ok(Established { kind, client_static, payload, cipher: Cipher::of_responder(noise)? })
}

async fn send_hello(socket: &mut Socket, hello: ServerHello) -> Result<(), Closed> {
    let message =
        HandshakeMessage { server_hello: MessageField::some(hello), ..HandshakeMessage::default() };
    socket.send_frame(&handshake_message_to_vec(&message)).await
}
