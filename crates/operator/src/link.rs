//! Storing the session of a linked device: sealed, claimed once, and for one that
//! was linked before, without a trace of the old device and with its intents kept.
//!
//! It replaces the device, so it holds the lease: a live run would write what it
//! learns about the old device on the new one. Keys are rotated and proxies set
//! without one, so the sealed value is replaced on condition of the one that was read.

mod item;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::credentials::{Credentials, DeviceJid};
use domain::tenant::InstanceId;
use store::session::{Held, Settlement, device_claim};
use store::table::{Attributes, Item, StoreError, keys, text};

use crate::device::{FIRST_LOGIN, NewDevice, as_read, same_number};
use crate::instances::is_deleting;
use crate::rename::moving_from;
use crate::writes::{Condition, Refused, generation, owner};
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

/// Attributes of a session that outlive its device: what it is, the intents, which are
/// about the number and not about the device, and the generation of what belongs to it.
const KEPT: [&str; 7] = ["pk", "sk", "account", "instance", "intents", "created_at", "generation"];

/// Attributes that tell of the old device, where the new one has none of its own.
const OF_THE_OLD: [&str; 8] = [
    "logged_out_by",
    "blocked_until",
    "blocked_by",
    "checked_at",
    "check_result",
    "seen_at",
    "device_lid",
    FIRST_LOGIN,
];

/// What one attempt came to.
enum Attempt {
    Done(Stored),
    /// Someone else was as quick; another look may help.
    Again,
}

impl Operator {
    /// Stores the credentials of a linked device as `instance`: [`Self::store_device`]
    /// of one that has nothing to be finished.
    ///
    /// # Errors
    /// As [`Self::store_device`].
    pub async fn store_linked(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
    ) -> Result<Stored, OperatorError> {
        self.store_device(instance, &NewDevice::finished(credentials)).await
    }

    /// Stores a linked device as `instance`, sealed with the current data key. An
    /// instance that is there is linked again, and then has to be of the same number;
    /// one that is being deleted begins anew, whatever its number was. Without a proxy of
    /// its own the device gets the one that the instance has.
    ///
    /// # Errors
    /// [`OperatorError::MayBeStored`] when it is not known whether it was stored. With
    /// every other it is certain that it was not: [`OperatorError::DeviceTaken`],
    /// [`OperatorError::OtherNumber`], [`OperatorError::Busy`],
    /// [`OperatorError::NoAccount`], [`OperatorError::Seal`], or the table's.
    pub async fn store_device(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
    ) -> Result<Stored, OperatorError> {
        for _ in 0..ATTEMPTS {
            let there = self.table.get(&keys::session(instance), patience()).await?;
            let attempt = match there {
                None => self.store_first(instance, new).await?,
                // Another instance is being renamed to this.
                Some(claim) if moving_from(&claim).is_some() => {
                    return Err(OperatorError::InstanceExists(instance.clone()));
                }
                Some(ended) if is_deleting(&ended) => {
                    // Here, while none can be issued: the new one has none of its tokens.
                    self.tidy_tokens(instance, &ended).await?;
                    self.store_again(instance, new, Some(&ended)).await?
                }
                Some(_) => self.store_again(instance, new, None).await?,
            };
            if let Attempt::Done(stored) = attempt {
                return Ok(stored);
            }
        }
        Err(OperatorError::Changed(instance.clone()))
    }

    /// An instance that is not there.
    async fn store_first(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
    ) -> Result<Attempt, OperatorError> {
        let sealed = self.seal_device(instance, new, new.credentials.proxy.as_ref()).await?;
        let item = self.new_item(instance, new, &sealed).await?;
        let actions = vec![
            self.put(item, Some(&Condition::is_new()))?,
            self.put(
                device_claim(&new.credentials.device, instance),
                Some(&Condition::is_nobodys_or(instance)),
            )?,
            self.check_current(&sealed.credentials.key_id)?,
            self.check(keys::account(&instance.account), &Condition::is_open_account())?,
        ];
        match self.write(actions).await {
            Ok(Ok(())) => Ok(Attempt::Done(Stored::New)),
            Ok(Err(refused)) => why(instance, new.credentials, &refused),
            Err(error) if error.leaves_open() => {
                // A write that is late may arrive after any look.
                let holds = self.holds(instance, &new.credentials.device).await;
                if holds == Ok(true) {
                    return Ok(Attempt::Done(Stored::New));
                }
                Err(may_be_stored(instance, new))
            }
            Err(error) => Err(error),
        }
    }

    /// An instance that is there, under its lease. `ended` is the session whose deletion
    /// was begun, and whose tokens are gone.
    async fn store_again(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
        ended: Option<&Attributes>,
    ) -> Result<Attempt, OperatorError> {
        let held = match self.hold(instance, new.wait).await {
            Ok(held) => held,
            // Deleted between the two looks.
            Err(OperatorError::NoInstance(_)) => return Ok(Attempt::Again),
            Err(error) => return Err(error),
        };
        let is_as_seen = match ended {
            None => !is_deleting(held.item()),
            Some(ended) => is_deleting(held.item()) && generation(held.item()) == generation(ended),
        };
        if !is_as_seen {
            self.let_go(held).await;
            return Ok(Attempt::Again);
        }
        match self.store_under(&held, new).await {
            // The write has released it.
            Ok(Attempt::Done(stored)) => Ok(Attempt::Done(stored)),
            Ok(Attempt::Again) => {
                self.let_go(held).await;
                Ok(Attempt::Again)
            }
            Err(Unstored::Certain(error)) => {
                self.let_go(held).await;
                Err(error)
            }
            Err(Unstored::Open(error)) => self.after_silence(held, new, error).await,
        }
    }

    async fn store_under(&self, held: &Held, new: &NewDevice<'_>) -> Result<Attempt, Unstored> {
        let instance = held.instance();
        let read = Item(held.item());
        let old = read.optional_text("device_jid").and_then(|jid| jid.parse::<DeviceJid>().ok());
        same_number(instance, old.as_ref(), &new.credentials.device)?;
        let proxy = match &new.credentials.proxy {
            Some(proxy) => Some(proxy.clone()),
            None => self.stored_proxy(held).await?,
        };
        let sealed = self.seal_device(instance, new, proxy.as_ref()).await?;
        let item = self.new_item(instance, new, &sealed).await?;
        let claim = device_claim(&new.credentials.device, instance);
        let ours = Condition::is_nobodys_or(instance);
        let mut actions = vec![
            self.relink(held, item)?,
            self.put(claim, Some(&ours))?,
            self.check_current(&sealed.credentials.key_id)?,
        ];
        if let Some(old) = old.filter(|old| *old != new.credentials.device) {
            actions.push(self.delete(keys::device(&old), Some(&ours))?);
        }
        match self.write(actions).await {
            Ok(Ok(())) => Ok(Attempt::Done(Stored::Relinked)),
            Ok(Err(refused)) => Ok(why(instance, new.credentials, &refused)?),
            Err(error) if error.leaves_open() => Err(Unstored::Open(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// The write of an instance that is there. It releases the lease: who waits for it
    /// finds the new device. One that is being deleted is replaced as a whole, so that
    /// nothing of it is left.
    fn relink(
        &self,
        held: &Held,
        mut item: Attributes,
    ) -> Result<TransactWriteItem, OperatorError> {
        if is_deleting(held.item()) {
            item.insert("last_owner".to_owned(), text(held.owner()));
            return Ok(self.put(item, Some(&as_read(held)))?);
        }
        let mut removed = vec!["lease_owner", "lease_until"];
        removed.extend(OF_THE_OLD.iter().filter(|name| !item.contains_key(**name)));
        let mut condition = as_read(held);
        let mut set = vec!["last_owner = :me".to_owned()];
        for (name, value) in item.into_iter().filter(|(name, _)| !KEPT.contains(&name.as_str())) {
            set.push(format!("{name} = :new_{name}"));
            condition = condition.value(&format!(":new_{name}"), value);
        }
        let expression = format!("SET {} REMOVE {}", set.join(", "), removed.join(", "));
        Ok(self.change(keys::session(held.instance()), &expression, &condition)?)
    }

    /// No reply came to the write. Once the lease is given back, a write that is late
    /// is refused for ever, since its owner holds nothing any more: then it is certain.
    async fn after_silence(
        &self,
        held: Held,
        new: &NewDevice<'_>,
        error: OperatorError,
    ) -> Result<Attempt, OperatorError> {
        let instance = held.instance().clone();
        let before = Item(held.item()).optional_text("device_jid").map(str::to_owned);
        let is_told_apart = before != Some(new.credentials.device.to_string());
        let released = held.into_leased().settle(Settlement::default(), patience()).await;
        match self.holds(&instance, &new.credentials.device).await {
            Ok(true) if is_told_apart => Ok(Attempt::Done(Stored::Relinked)),
            Ok(false) if released.is_ok() => Err(error),
            Ok(_) | Err(_) => Err(may_be_stored(&instance, new)),
        }
    }
}

/// Why nothing was stored.
enum Unstored {
    /// Nothing was, and nothing will be.
    Certain(OperatorError),
    /// No reply came.
    Open(OperatorError),
}

impl From<OperatorError> for Unstored {
    fn from(error: OperatorError) -> Self {
        Self::Certain(error)
    }
}

impl From<StoreError> for Unstored {
    fn from(error: StoreError) -> Self {
        Self::Certain(error.into())
    }
}

fn may_be_stored(instance: &InstanceId, new: &NewDevice<'_>) -> OperatorError {
    OperatorError::MayBeStored {
        instance: instance.clone(),
        device: new.credentials.device.to_string(),
    }
}

/// Why a link was refused.
fn why(
    instance: &InstanceId,
    credentials: &Credentials,
    refused: &Refused,
) -> Result<Attempt, OperatorError> {
    match (refused.action, &refused.item) {
        (0 | 2, _) => Ok(Attempt::Again),
        (1, Some(claim)) => Err(OperatorError::DeviceTaken {
            device: credentials.device.to_string(),
            by: owner(claim)?,
        }),
        (_, None) => Err(OperatorError::NoAccount(instance.account.clone())),
        (_, Some(item)) if item.contains_key("closing") => {
            Err(OperatorError::AccountClosing(instance.account.clone()))
        }
        (_, Some(_)) => Err(OperatorError::Changed(instance.clone())),
    }
}
