//! Forgetting that WhatsApp bans or throttles a number.

use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::tenant::InstanceId;
use store::rows::session;

use crate::{Operator, OperatorError, PATIENCE};

/// A block that was lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unblocked {
    /// Why it was remembered.
    pub reason: BlockReason,
    /// Until when.
    pub until: UnixMillis,
}

impl Operator {
    /// The block of `instance` that is remembered and still to come.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn block(&self, instance: &InstanceId) -> Result<Option<Unblocked>, OperatorError> {
        let session = self.session(instance).await?;
        let block = session.block(self.now().await?);
        Ok(block.map(|(reason, until)| Unblocked { reason, until }))
    }

    /// Forgets `block`. One that was remembered since stays.
    ///
    /// # Errors
    /// [`OperatorError::Changed`] when another is remembered, [`OperatorError::NoInstance`],
    /// or the table's.
    pub async fn unblock(
        &self,
        instance: &InstanceId,
        block: Unblocked,
    ) -> Result<(), OperatorError> {
        let lift = session::lift_block(instance, block.until);
        match self.table.write(vec![lift], PATIENCE).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.found.is_none() => {
                Err(OperatorError::NoInstance(instance.clone()))
            }
            Err(_) => Err(OperatorError::Changed(instance.clone())),
        }
    }
}
