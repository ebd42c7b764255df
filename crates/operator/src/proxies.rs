//! The proxy before an instance's connections, sealed with its credentials: its
//! address may hold a password.

use leave_group::credentials::Credentials;
use leave_group::proxy::Proxy;
use leave_group::seal::Sealed;
use leave_group::table::{Item, binary, keys, text};
use leave_group::tenant::InstanceId;

use crate::writes::Condition;
use crate::{Operator, OperatorError, patience};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

impl Operator {
    /// The proxy of `instance`, if it has one.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::NotConnected`] when it has no
    /// device, [`OperatorError::Seal`], or the table's.
    pub async fn proxy(&self, instance: &InstanceId) -> Result<Option<Proxy>, OperatorError> {
        let (_, credentials) = self.stored(instance).await?;
        Ok(credentials.proxy)
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
            let (old, credentials) = self.stored(instance).await?;
            let changed = Credentials { proxy: proxy.cloned(), ..credentials };
            let key_id = self.current_key().await?;
            let plain = changed.to_bytes();
            let new = self.service.keyring.seal(&plain, instance, &key_id, patience()).await?;
            // As it was read: linking, importing and rotating keys write it too.
            let as_read = Condition::new("sealed = :old AND key_id = :old_key")
                .value(":old", binary(old.bytes))
                .value(":old_key", text(old.key_id))
                .value(":new", binary(new.bytes))
                .value(":new_key", text(new.key_id));
            let set = "SET sealed = :new, key_id = :new_key";
            let actions = vec![
                self.change(keys::session(instance), set, &as_read)?,
                self.check_current(&key_id)?,
            ];
            if self.write(actions).await?.is_ok() {
                return Ok(());
            }
        }
        Err(OperatorError::Changed(instance.clone()))
    }

    async fn stored(&self, instance: &InstanceId) -> Result<(Sealed, Credentials), OperatorError> {
        let item = self.table.get(&keys::session(instance), patience()).await?;
        let item = item.ok_or_else(|| OperatorError::NoInstance(instance.clone()))?;
        let (Some(key_id), Ok(bytes)) =
            (Item(&item).optional_text("key_id"), Item(&item).binary("sealed"))
        else {
            return Err(OperatorError::NotConnected { instance: instance.clone(), gone: None });
        };
        let sealed = Sealed { key_id: key_id.to_owned(), bytes: bytes.to_vec() };
        let plain = self.service.keyring.open(&sealed, instance, patience()).await?;
        let credentials = Credentials::from_bytes(&plain)
            .map_err(|_| OperatorError::Credentials(instance.clone()))?;
        Ok((sealed, credentials))
    }
}
