//! Deleting an instance, and everything that belongs to it.
//!
//! The lease is taken once, to write that it is being deleted. From then on every caller
//! hears that it does not exist, nobody takes its lease but who links under its name, and
//! no token is issued for it: what belongs to it gets no more. All that follows is
//! tidying. It can be cut short anywhere and done again, and it deletes nothing of an
//! instance that is made under the name meanwhile.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::credentials::DeviceJid;
use domain::tenant::{InstanceId, InstanceName};
use store::session::{DELETING, Held};
use store::table::{Attributes, Corrupt, Item, keys, text};

use super::is_deleting;
use crate::device::as_read;
use crate::rename::{moving_from, moving_to};
use crate::writes::{Condition, generation, is_of};
use crate::{Operator, OperatorError, patience};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

/// What went with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Rows of groups, of the history, and kept answers.
    pub rows: usize,
    /// Its own tokens.
    pub tokens: usize,
}

/// What is left of a session that is being deleted.
const NAME: [&str; 7] =
    ["pk", "sk", "account", "instance", "generation", "created_at", "moving_to"];

impl Operator {
    /// Deletes an instance with its groups, history, kept answers, tokens and its
    /// claim on a device. A run that holds it is waited for, for a while. The device
    /// stays linked at WhatsApp.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::Busy`],
    /// [`OperatorError::Changed`], or the table's. What was begun is ended by deleting
    /// once more.
    pub async fn delete_instance(&self, id: &InstanceId) -> Result<Deleted, OperatorError> {
        let session = self.begin_deletion(id).await?;
        if let Some(new) = moving_to(&session) {
            self.give_up_name(id, new).await?;
        }
        self.end_deletion(id, &session).await
    }

    /// Deletes what belongs to the session that was ended, and then itself.
    async fn end_deletion(
        &self,
        id: &InstanceId,
        ended: &Attributes,
    ) -> Result<Deleted, OperatorError> {
        let tokens = self.tidy_tokens(id, ended).await?;
        let rows = self.tidy_rows(id, ended).await?;
        let is_its = is_of(&generation(ended))
            .and("session_state = :deleting")
            .value(":deleting", text(DELETING));
        // Refused: another was made under the name.
        self.delete_if(&keys::session(id), &is_its).await?;
        Ok(Deleted { rows, tokens })
    }

    /// Takes back the claim on a name that `id` was to be renamed to: its tokens come
    /// back, and what was copied goes.
    async fn give_up_name(&self, id: &InstanceId, new: &str) -> Result<(), OperatorError> {
        let name = InstanceName::of_stored(new).map_err(|_| Corrupt("moving_to"))?;
        let claimed = InstanceId { account: id.account.clone(), name };
        let claim = self.table.get(&keys::session(&claimed), patience()).await?;
        let claim = claim.filter(|claim| moving_from(claim) == Some(id.name.as_str()));
        if let Some(claim) = claim {
            self.end_deletion(&claimed, &claim).await?;
        }
        Ok(())
    }

    /// Writes that it is being deleted, unless that is written. Returns the session as
    /// it was when it was.
    async fn begin_deletion(&self, id: &InstanceId) -> Result<Attributes, OperatorError> {
        for _ in 0..ATTEMPTS {
            let session = self.session(id).await?;
            if is_deleting(&session) {
                return Ok(session);
            }
            let held = self.hold(id, None).await?;
            if is_deleting(held.item()) {
                let session = held.item().clone();
                self.let_go(held).await;
                return Ok(session);
            }
            let ended = self.end_session(&held).await;
            if ended == Ok(true) {
                return Ok(held.item().clone());
            }
            self.let_go(held).await;
            ended?;
        }
        Err(OperatorError::Changed(id.clone()))
    }

    async fn end_session(&self, held: &Held) -> Result<bool, OperatorError> {
        let id = held.instance();
        let device = Item(held.item()).optional_text("device_jid");
        let mut actions = vec![self.ending(held, None)?];
        if let Some(device) = device.and_then(|device| device.parse::<DeviceJid>().ok()) {
            let ours = Condition::is_nobodys_or(id);
            actions.push(self.delete(keys::device(&device), Some(&ours))?);
        }
        match self.write(actions).await? {
            Ok(()) => Ok(true),
            // Someone else claims its device: that stays theirs.
            Err(refused) if refused.action == 1 => {
                Ok(self.write(vec![self.ending(held, None)?]).await?.is_ok())
            }
            Err(_) => Ok(false),
        }
    }

    /// The end of a session that is held: nothing is left of it but its name, so that no
    /// run can begin and no intent counts. It releases the lease.
    pub(crate) fn ending(
        &self,
        held: &Held,
        moved_to: Option<&InstanceName>,
    ) -> Result<TransactWriteItem, OperatorError> {
        let mut session = held.item().clone();
        session.retain(|name, _| NAME.contains(&name.as_str()));
        session.insert("session_state".to_owned(), text(DELETING));
        session.insert("intents".to_owned(), AttributeValue::M(HashMap::new()));
        session.insert("last_owner".to_owned(), text(held.owner()));
        if let Some(new) = moved_to {
            session.insert("moved_to".to_owned(), text(new.as_str()));
        }
        Ok(self.put(session, Some(&as_read(held)))?)
    }
}
