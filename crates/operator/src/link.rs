//! Storing the session of a linked device: sealed, claimed once, and for one that
//! was linked before, without a trace of the old device and with its intents kept.

use aws_sdk_dynamodb::types::TransactWriteItem;
use leave_group::credentials::{Credentials, DeviceJid};
use leave_group::seal::Sealed;
use leave_group::session::{Generation, NewSession, device_claim, session_item};
use leave_group::table::{Attributes, Item, keys, text};
use leave_group::tenant::InstanceId;

use crate::writes::{Condition, Refused, owner};
use crate::{Operator, OperatorError, patience};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

/// What became of a linked device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// A new instance.
    New,
    /// An instance that was there has this device now.
    Relinked,
}

/// Attributes of a session that outlive its device: what it is, and the intents,
/// which are about the number and not about the device.
const KEPT: [&str; 7] = ["pk", "sk", "account", "instance", "intents", "created_at", "generation"];

impl Operator {
    /// Stores the credentials of a linked device as `instance`, sealed with the
    /// current data key. An instance that is there is linked again, and then has to
    /// be of the same number; nobody may hold it.
    ///
    /// # Errors
    /// [`OperatorError::DeviceTaken`], [`OperatorError::OtherNumber`],
    /// [`OperatorError::Busy`], [`OperatorError::NoAccount`], [`OperatorError::Seal`],
    /// or the table's.
    pub async fn store_linked(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
    ) -> Result<Stored, OperatorError> {
        for _ in 0..ATTEMPTS {
            let key_id = self.current_key().await?;
            let plain = credentials.to_bytes();
            let sealed = self.service.keyring.seal(&plain, instance, &key_id, patience()).await?;
            let there = self.table.get(&keys::session(instance), patience()).await?;
            let old = there
                .as_ref()
                .and_then(|item| Item(item).optional_text("device_jid"))
                .and_then(|device| device.parse::<DeviceJid>().ok());
            if let Some(old) = old.as_ref().filter(|old| old.user() != credentials.device.user()) {
                let (instance, device) = (instance.clone(), old.to_string());
                return Err(OperatorError::OtherNumber { instance, device });
            }
            let actions =
                self.link_actions(instance, credentials, &sealed, there.is_some(), old.as_ref())?;
            let Err(refused) = self.write(actions).await? else {
                return Ok(if there.is_some() { Stored::Relinked } else { Stored::New });
            };
            if let Some(error) = self.why(instance, credentials, &refused)? {
                return Err(error);
            }
        }
        Err(OperatorError::Changed(instance.clone()))
    }

    /// Session, claim, the key's check, then what differs: see [`Self::why`].
    fn link_actions(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
        sealed: &Sealed,
        is_there: bool,
        old: Option<&DeviceJid>,
    ) -> Result<Vec<TransactWriteItem>, OperatorError> {
        let session = NewSession::Linked { credentials, sealed };
        let item = session_item(instance, &session, &Generation::new()?, self.now());
        let session = if is_there {
            self.relink(instance, item, old)?
        } else {
            self.put(item, Some(&Condition::is_new()))?
        };
        let claim = device_claim(&credentials.device, instance);
        let mut actions = vec![
            session,
            self.put(claim, Some(&Condition::is_nobodys_or(instance)))?,
            self.check_current(&sealed.key_id)?,
        ];
        if let Some(old) = old.filter(|old| **old != credentials.device) {
            let ours = Condition::is_nobodys_or(instance);
            actions.push(self.delete(keys::device(old), Some(&ours))?);
        }
        if !is_there {
            actions.push(self.check(keys::account(&instance.account), &Condition::exists())?);
        }
        Ok(actions)
    }

    /// The update of an instance that is there. A lease that has run out is taken
    /// off, so that a run of the old device cannot settle any more.
    fn relink(
        &self,
        instance: &InstanceId,
        item: Attributes,
        old: Option<&DeviceJid>,
    ) -> Result<TransactWriteItem, OperatorError> {
        let mut removed = vec![
            "lease_owner",
            "lease_until",
            "blocked_until",
            "blocked_by",
            "checked_at",
            "check_result",
        ];
        if !item.contains_key("device_lid") {
            removed.push("device_lid");
        }
        let mut condition = Condition::is_free(self.now());
        condition = match old {
            Some(old) => condition.and("device_jid = :old").value(":old", text(old.to_string())),
            None => condition.and("attribute_not_exists(device_jid)"),
        };
        let mut set = Vec::new();
        for (name, value) in item.into_iter().filter(|(name, _)| !KEPT.contains(&name.as_str())) {
            set.push(format!("{name} = :new_{name}"));
            condition = condition.value(&format!(":new_{name}"), value);
        }
        let expression = format!("SET {} REMOVE {}", set.join(", "), removed.join(", "));
        Ok(self.change(keys::session(instance), &expression, &condition)?)
    }

    /// Why a link was refused; `None` when another look may help.
    fn why(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
        refused: &Refused,
    ) -> Result<Option<OperatorError>, OperatorError> {
        Ok(match (refused.action, &refused.item) {
            (0, _) => refused
                .lease_left(self.now())
                .map(|left| OperatorError::Busy { instance: instance.clone(), left }),
            (1, Some(claim)) => Some(OperatorError::DeviceTaken {
                device: credentials.device.to_string(),
                by: owner(claim)?,
            }),
            (2, _) => None,
            (_, None) => Some(OperatorError::NoAccount(instance.account.clone())),
            (_, Some(_)) => Some(OperatorError::Changed(instance.clone())),
        })
    }
}
