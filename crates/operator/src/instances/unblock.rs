//! Forgetting that WhatsApp bans or throttles a number.

use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::tenant::InstanceId;
use store::table::{Item, keys, number};

use crate::writes::Condition;
use crate::{Operator, OperatorError};

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
        let now = self.now().await?;
        let item = Item(&session);
        let until = item.optional_number("blocked_until").map(UnixMillis);
        let reason = BlockReason::from_name(item.optional_text("blocked_by").unwrap_or_default());
        Ok(until.filter(|until| *until > now).map(|until| Unblocked { reason, until }))
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
        let as_read = Condition::exists()
            .and("attribute_not_exists(blocked_until) OR blocked_until = :until")
            .value(":until", number(block.until.0));
        let lift =
            self.change(keys::session(instance), "REMOVE blocked_until, blocked_by", &as_read)?;
        match self.write(vec![lift]).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.item.is_none() => {
                Err(OperatorError::NoInstance(instance.clone()))
            }
            Err(_) => Err(OperatorError::Changed(instance.clone())),
        }
    }
}
