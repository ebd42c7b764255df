//! The login's last message, and what an open session can be asked.

use tokio::time::timeout_at;
use wacore::handshake::{HandshakeUtils, NoiseCipher};
use wacore::libsignal::protocol::PrivateKey;
use wacore::store::Device;
use wacore_binary::{Jid, Node, OwnedNodeRef};
use waproto::codec::{client_payload_to_vec, handshake_message_to_vec};

use super::failure::{Failure, LoginFailure, Step};
use super::greet::{Greeted, broken};
use super::socket::Socket;
use super::stanza;
use crate::clock::Budget;
use crate::config::ClientVersion;
use crate::credentials::Credentials;

/// One open, passive connection of one session.
pub struct Online {
    socket: Socket,
    writer: NoiseCipher,
    reader: NoiseCipher,
    sent: u32,
    received: u32,
    iqs: u32,
}

/// Why a login was not finished.
#[derive(Debug)]
pub enum Abandoned {
    /// The lease had no time left right before the last message.
    LeaseExpired,
    /// The connection failed.
    Failed(Failure),
}

impl From<Failure> for Abandoned {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Greeted {
    /// Logs in. Passive, so that WhatsApp keeps the offline queue and this
    /// connection acknowledges nothing that it will never show.
    ///
    /// `still_ours` is asked right before the message that throws every other
    /// socket of this session out.
    ///
    /// # Errors
    /// [`Abandoned`].
    pub async fn login(
        self,
        credentials: &Credentials,
        budget: Budget,
        still_ours: impl Fn() -> bool,
    ) -> Result<Online, Abandoned> {
        let payload = payload(credentials, self.version);
        let mut online =
            self.enter(&credentials.noise_private_key, &payload, budget, still_ours).await?;
        timeout_at(budget.end(), online.success())
            .await
            .unwrap_or(Err(Failure::Timeout(Step::Login)))?;
        Ok(online)
    }

    /// Sends the login's last message: who we are, and a payload that says what
    /// for. What the server makes of it is still to come.
    ///
    /// # Errors
    /// [`Abandoned`].
    pub async fn enter(
        self,
        noise_private_key: &[u8; 32],
        payload: &[u8],
        budget: Budget,
        still_ours: impl Fn() -> bool,
    ) -> Result<Online, Abandoned> {
        let Self { mut socket, mut noise, server_ephemeral, version: _ } = self;
        let public = PrivateKey::deserialize(noise_private_key)
            .and_then(|key| key.public_key())
            .map_err(|_| Failure::Protocol("noise key"))?;
        let encrypted_key = noise.encrypt(public.public_key_bytes()).map_err(broken)?;
        noise.mix_shared_secret(noise_private_key, &server_ephemeral).map_err(broken)?;
        let payload = noise.encrypt(payload).map_err(broken)?;
        let finish = HandshakeUtils::build_client_finish(encrypted_key, payload);
        let finish = handshake_message_to_vec(&finish);
        let (writer, reader) = noise.finish().map_err(broken)?;

        if !still_ours() {
            let _ = timeout_at(budget.end(), socket.close()).await;
            return Err(Abandoned::LeaseExpired);
        }
        timeout_at(budget.end(), socket.send(&finish, None))
            .await
            .unwrap_or(Err(Failure::Timeout(Step::Login)))?;
        Ok(Online { socket, writer, reader, sent: 0, received: 0, iqs: 0 })
    }

    /// The same, showing another client version at login.
    #[must_use]
    pub fn showing(self, version: ClientVersion) -> Self {
        Self { version, ..self }
    }

    /// The client version that this connection shows.
    pub fn version(&self) -> ClientVersion {
        self.version
    }
}

/// The login payload: a web client of our version, passive.
fn payload(credentials: &Credentials, version: ClientVersion) -> Vec<u8> {
    let mut device = Device::new();
    let mut jid = Jid::pn(credentials.device.user().to_string());
    jid.device = credentials.device.device();
    device.pn = Some(jid);
    [device.app_version_primary, device.app_version_secondary, device.app_version_tertiary] =
        version.0;
    device.client_profile.passive_login = true;
    let mut payload = device.get_client_payload();
    payload.lid_db_migrated = Some(true);
    client_payload_to_vec(&payload)
}

impl Online {
    /// How many IQs were answered.
    pub fn iqs(&self) -> u32 {
        self.iqs
    }

    /// Ends the connection and waits for it, at most until `budget` ends.
    pub async fn close(self, budget: Budget) {
        let _ = timeout_at(budget.end(), self.socket.close()).await;
    }

    /// Waits for `<success>`; other stanzas are passed over.
    ///
    /// # Errors
    /// [`Failure::Login`] when WhatsApp refuses, or the connection's failure.
    pub async fn success(&mut self) -> Result<(), Failure> {
        loop {
            let node = self.stanza().await?;
            match node.tag() {
                "success" => return Ok(()),
                "failure" => {
                    let reason = stanza::number(&node, "reason").unwrap_or_default();
                    let expire = stanza::number(&node, "expire");
                    return Err(LoginFailure::from_reason(reason, expire).into());
                }
                _ => {}
            }
        }
    }

    /// Asks one IQ and returns its answer, whatever else comes in between.
    ///
    /// # Errors
    /// [`Failure::Iq`] when it is answered with an error, or the connection's failure.
    pub async fn ask(&mut self, iq: stanza::Iq, budget: Budget) -> Result<OwnedNodeRef, Failure> {
        let id = iq.id();
        let answered = async {
            self.send(&iq.node()).await?;
            loop {
                let node = self.stanza().await?;
                let is_answer =
                    node.tag() == "iq" && stanza::text(&node, "id").as_deref() == Some(&id);
                if is_answer {
                    return Ok::<_, Failure>(node);
                }
            }
        };
        let node =
            timeout_at(budget.end(), answered).await.map_err(|_| Failure::Timeout(Step::Iq))??;
        self.iqs += 1;
        stanza::accepted(node)
    }

    /// Sends one stanza.
    ///
    /// # Errors
    /// When it cannot be written, or the connection is closed.
    pub async fn send(&mut self, node: &Node) -> Result<(), Failure> {
        let bytes =
            wacore_binary::marshal(node).map_err(|_| Failure::Protocol("stanza to send"))?;
        let sealed = self
            .writer
            .encrypt_with_counter(self.sent, &bytes)
            .map_err(|_| Failure::Protocol("encrypt"))?;
        self.sent += 1;
        self.socket.send(&sealed, None).await
    }

    /// The next stanza; a stream error ends the connection. Cancel safe: what was
    /// read so far is kept.
    ///
    /// # Errors
    /// [`Failure::Stream`], or the connection's failure.
    pub async fn stanza(&mut self) -> Result<OwnedNodeRef, Failure> {
        let mut frame = self.socket.receive().await?;
        self.reader
            .decrypt_in_place_with_counter(self.received, &mut frame)
            .map_err(|_| Failure::Protocol("undecryptable frame"))?;
        self.received += 1;
        let node = stanza::read(&frame)?;
        match stanza::stream_error(&node) {
            Some(error) => Err(error.into()),
            None => Ok(node),
        }
    }
}
