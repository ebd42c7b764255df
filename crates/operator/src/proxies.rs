//! The proxy before an instance's connections, sealed with its credentials: its
//! address may hold a password.

use domain::credentials::Credentials;
use domain::proxy::Proxy;
use domain::tenant::InstanceId;
use store::rows::data_key;
use store::rows::session::{self, Session};

use crate::{Operator, OperatorError, PATIENCE};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

impl Operator {
    /// The proxy of `instance`, if it has one.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::NotConnected`] when it has no
    /// device, [`OperatorError::Seal`], or the table's.
    pub async fn proxy(&self, instance: &InstanceId) -> Result<Option<Proxy>, OperatorError> {
        let session = self.session(instance).await?;
        Ok(self.stored(instance, &session).await?.proxy)
    }

    /// Sets the proxy of `instance`, or takes it away. A run under way keeps the one
    /// that it has read.
    ///
    /// # Errors
    /// As [`Self::proxy`], and [`OperatorError::Changed`].
    pub async fn set_proxy(
        &self,
        instance: &InstanceId,
        proxy: Option<&Proxy>,
    ) -> Result<(), OperatorError> {
        for _ in 0..ATTEMPTS {
            let session = self.session(instance).await?;
            let credentials = self.stored(instance, &session).await?;
            let changed = Credentials { proxy: proxy.cloned(), ..credentials };
            let key_id = self.current_key().await?;
            let both = (instance, instance);
            let sealed = self.sealed_anew(&session, both, &key_id, Some(&changed)).await?;
            // As it was read: linking, importing and rotating keys write it too.
            let actions =
                vec![session::reseal(instance, &session, sealed), data_key::is_current(&key_id)];
            if self.table.write(actions, PATIENCE).await?.is_ok() {
                return Ok(());
            }
        }
        Err(OperatorError::Changed(instance.clone()))
    }

    async fn stored(
        &self,
        instance: &InstanceId,
        session: &Session,
    ) -> Result<Credentials, OperatorError> {
        match session.sealed() {
            Some(sealed) => self.open_credentials(&sealed, instance).await,
            None => Err(OperatorError::NotConnected { instance: instance.clone(), gone: None }),
        }
    }
}
