//! The login's last message, and what WhatsApp makes of it.

use domain::client_version::ClientVersion;
use domain::clock::Budget;
use domain::credentials::Credentials;
use tokio::time::timeout_at;
use wacore::handshake::HandshakeUtils;
use wacore::libsignal::protocol::PrivateKey;
use wacore::store::Device;
use wacore_binary::Jid;
use waproto::codec::{client_payload_to_vec, handshake_message_to_vec};

use super::failure::{Failure, Step};
use super::greet::{Greeted, broken};
use super::online::Online;

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
        Ok(Online::new(socket, writer, reader))
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
