//! The Noise XX handshake up to the server's hello, which proves that the
//! server is WhatsApp. No credentials yet.

use domain::client_version::ClientVersion;
use domain::clock::{Budget, UnixMillis};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout_at;
use wacore::handshake::{HandshakeUtils, NoiseHandshake};
use wacore::libsignal::protocol::PrivateKey;
use wacore_binary::consts::{NOISE_PATTERN_XX, WA_CONN_HEADER};
use waproto::codec::handshake_message_to_vec;
use zeroize::Zeroizing;

use super::certificate;
use super::dial::Dialer;
use super::failure::{Failure, Step};
use super::socket::Socket;

/// A socket whose server has proved to be WhatsApp, waiting for a login.
pub struct Greeted {
    pub(super) socket: Socket,
    pub(super) noise: NoiseHandshake,
    pub(super) server_ephemeral: [u8; 32],
    pub(super) version: ClientVersion,
}

impl Dialer {
    /// Connects, says hello, and verifies the server's answer. Costs two round
    /// trips after TCP and TLS: the WebSocket's upgrade and the hello.
    ///
    /// `now` is what the certificates' dates are compared with.
    ///
    /// # Errors
    /// [`Failure`] of the connection or the certificates.
    pub async fn greet(&self, budget: Budget, now: UnixMillis) -> Result<Greeted, Failure> {
        let socket = self.dial(budget).await?;
        timeout_at(budget.end(), self.hello(socket, now))
            .await
            .map_err(|_| Failure::Timeout(Step::Greet))?
    }

    async fn hello(&self, mut socket: Socket, now: UnixMillis) -> Result<Greeted, Failure> {
        let mut secret = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(secret.as_mut_slice())
            .map_err(|_| Failure::Protocol("no randomness"))?;
        let ephemeral = PrivateKey::deserialize(secret.as_slice())
            .map_err(|_| Failure::Protocol("ephemeral key"))?;
        let public = ephemeral.public_key().map_err(|_| Failure::Protocol("ephemeral key"))?;

        let mut noise = NoiseHandshake::new(NOISE_PATTERN_XX, &WA_CONN_HEADER).map_err(broken)?;
        noise.authenticate(public.public_key_bytes());
        let hello = HandshakeUtils::build_client_hello(public.public_key_bytes());
        socket.send(&handshake_message_to_vec(&hello), Some(&WA_CONN_HEADER)).await?;

        let answer = socket.receive().await?;
        let (server_ephemeral, server_static, chain) =
            HandshakeUtils::parse_server_hello(&answer).map_err(broken)?;
        let server_ephemeral: [u8; 32] =
            server_ephemeral.try_into().map_err(|_| Failure::Protocol("server's ephemeral key"))?;
        noise.authenticate(&server_ephemeral);
        noise.mix_shared_secret(ephemeral.serialize(), &server_ephemeral).map_err(broken)?;
        let server_static: [u8; 32] = noise
            .decrypt(&server_static)
            .map_err(broken)?
            .try_into()
            .map_err(|_| Failure::Protocol("server's static key"))?;
        noise.mix_shared_secret(ephemeral.serialize(), &server_static).map_err(broken)?;
        let chain = noise.decrypt(&chain).map_err(broken)?;
        certificate::verify(&chain, &server_static, &self.root_key, now.seconds())?;
        socket.trust();

        Ok(Greeted { socket, noise, server_ephemeral, version: self.version })
    }
}

pub(super) fn broken<E>(_: E) -> Failure {
    Failure::Protocol("handshake")
}
