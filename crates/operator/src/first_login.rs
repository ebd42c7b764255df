//! The first login of a device that is stored already: its keys are kept, sealed, until
//! it has come to its end, so that it can be made by another run than the linking one.

use domain::credentials::{Credentials, DeviceJid};
use domain::tenant::InstanceId;
use store::rows::session;
use zeroize::Zeroizing;

use crate::{Operator, OperatorError, PATIENCE};

/// What a first login needs.
pub struct Unfinished {
    /// The credentials.
    pub credentials: Credentials,
    /// The keys, as the linking gave them.
    pub keys: Zeroizing<Vec<u8>>,
}

impl Operator {
    /// The first login of `instance` that has not come to its end.
    ///
    /// # Errors
    /// [`OperatorError::NothingToResume`], [`OperatorError::NotConnected`],
    /// [`OperatorError::NoInstance`], [`OperatorError::Seal`], or the table's.
    pub async fn unfinished_login(
        &self,
        instance: &InstanceId,
    ) -> Result<Unfinished, OperatorError> {
        let session = self.session(instance).await?;
        let Some(sealed) = session.sealed() else {
            return Err(OperatorError::NotConnected { instance: instance.clone(), gone: None });
        };
        let Some(keys) = self.first_login_keys(&session, instance).await? else {
            return Err(OperatorError::NothingToResume(instance.clone()));
        };
        Ok(Unfinished { credentials: self.open_credentials(&sealed, instance).await?, keys })
    }

    /// The first login of `device` has come to its end: its keys go. Nothing happens
    /// when `instance` has another device by now.
    ///
    /// # Errors
    /// The table's. The keys then stay, and the first login can be made once more.
    pub async fn end_first_login(
        &self,
        instance: &InstanceId,
        device: &DeviceJid,
    ) -> Result<(), OperatorError> {
        let end = session::end_first_login(instance, device);
        // Refused: there is nothing of this device any more.
        let _ = self.table.write(vec![end], PATIENCE).await?;
        Ok(())
    }

    /// Whether the device of `instance` has still to make its first login.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn is_unfinished(&self, instance: &InstanceId) -> Result<bool, OperatorError> {
        Ok(self.session(instance).await?.is_unfinished())
    }
}
