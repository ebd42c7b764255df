//! A device that is to be stored, sealed: its credentials and the keys of its first
//! login, sealed with one data key.

use domain::credentials::Credentials;
use domain::proxy::Proxy;
use domain::tenant::InstanceId;
use store::rows::session::NewSession;
use store::seal::Sealed;
use store::session::Held;

use crate::device::NewDevice;
use crate::{Operator, OperatorError, patience};

/// What goes into the session.
pub(super) struct SealedDevice {
    pub(super) credentials: Sealed,
    first_login: Option<Vec<u8>>,
}

impl SealedDevice {
    /// The session that it makes.
    pub(super) fn session<'a>(&'a self, new: &NewDevice<'a>) -> NewSession<'a> {
        NewSession::Linked {
            credentials: new.credentials,
            sealed: &self.credentials,
            first_login: self.first_login.as_deref(),
        }
    }
}

impl Operator {
    /// Credentials and keys, under the same data key.
    pub(super) async fn seal_device(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
        proxy: Option<&Proxy>,
    ) -> Result<SealedDevice, OperatorError> {
        let key_id = self.current_key().await?;
        let credentials = Credentials {
            noise_private_key: new.credentials.noise_private_key.clone(),
            device: new.credentials.device.clone(),
            lid: new.credentials.lid.clone(),
            proxy: proxy.cloned(),
        };
        let keyring = &self.engine.keyring;
        let plain = credentials.to_bytes();
        let credentials = keyring.seal(&plain, instance, &key_id, patience()).await?;
        let first_login = match new.first_login {
            Some(keys) => Some(keyring.seal(keys, instance, &key_id, patience()).await?.bytes),
            None => None,
        };
        Ok(SealedDevice { credentials, first_login })
    }

    /// The proxy of the session that is held, if it has one.
    pub(super) async fn stored_proxy(&self, held: &Held) -> Result<Option<Proxy>, OperatorError> {
        let instance = held.instance();
        let Some(sealed) = held.session().sealed() else { return Ok(None) };
        Ok(self.open_credentials(&sealed, instance).await?.proxy)
    }
}
