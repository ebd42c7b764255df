//! Storing the session of a linked device: sealed, claimed once, and for one that
//! was linked before, without a trace of the old device and with its intents kept.
//!
//! It replaces the device, so it holds the lease: a live run would write what it
//! learns about the old device on the new one. Keys are rotated and proxies set
//! without one, so the sealed value is replaced on condition of the one that was read.

mod sealed;

use domain::credentials::Credentials;
use domain::tenant::InstanceId;
use store::rows::session::{self, Session, State};
use store::rows::{account, data_key, device};
use store::session::{Generation, Held, Said, Settlement};
use store::table::{Refused, StoreError};

use crate::device::{NewDevice, Replaces, same_number};
use crate::{Operator, OperatorError, PATIENCE, patience};

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

/// A device that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDevice {
    /// What became of it.
    pub stored: Stored,
    /// The JID of a device that worked until then, and is not this one.
    pub replaced: Option<String>,
}

impl StoredDevice {
    fn new() -> Self {
        Self { stored: Stored::New, replaced: None }
    }

    fn instead_of(before: Option<String>) -> Self {
        Self { stored: Stored::Relinked, replaced: before }
    }
}

/// What one attempt came to.
enum Attempt {
    Done(StoredDevice),
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
        Ok(self.store_device(instance, &NewDevice::finished(credentials)).await?.stored)
    }

    /// Stores a linked device as `instance`, sealed with the current data key. An
    /// instance that is there is linked again, and then has to be of the same number;
    /// one that is being deleted begins anew, whatever its number was. Without a proxy of
    /// its own the device gets the one that the instance has.
    ///
    /// # Errors
    /// [`OperatorError::MayBeStored`] when it is not known whether it was stored. With
    /// every other it is certain that it was not: [`OperatorError::DeviceTaken`],
    /// [`OperatorError::OtherNumber`], [`OperatorError::Busy`], [`OperatorError::Changed`]
    /// where another device works than may be replaced, [`OperatorError::NoAccount`],
    /// [`OperatorError::Seal`], or the table's.
    pub async fn store_device(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
    ) -> Result<StoredDevice, OperatorError> {
        for _ in 0..ATTEMPTS {
            let there = self.table.session(instance, patience()).await?;
            let attempt = match there {
                None => self.store_first(instance, new).await?,
                // Another instance is being renamed to this.
                Some(claim) if claim.moving_from().is_some() => {
                    return Err(OperatorError::InstanceExists(instance.clone()));
                }
                Some(ended) if ended.is_deleting() => {
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
        let (generation, now) = (Generation::new()?, self.now().await?);
        let actions = vec![
            session::put_new(instance, &sealed.session(new), &generation, now),
            device::claim(&new.credentials.device, instance),
            data_key::is_current(&sealed.credentials.key_id),
            account::is_open(&instance.account),
        ];
        match self.table.write(actions, PATIENCE).await {
            Ok(Ok(())) => Ok(Attempt::Done(StoredDevice::new())),
            Ok(Err(refused)) => why(instance, new.credentials, &refused),
            Err(error) if error.leaves_open() => {
                // A write that is late may arrive after any look.
                let holds = self.holds(instance, &new.credentials.device).await;
                if holds == Ok(true) {
                    return Ok(Attempt::Done(StoredDevice::new()));
                }
                Err(may_be_stored(instance, new))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An instance that is there, under its lease. `ended` is the session whose deletion
    /// was begun, and whose tokens are gone.
    async fn store_again(
        &self,
        instance: &InstanceId,
        new: &NewDevice<'_>,
        ended: Option<&Session>,
    ) -> Result<Attempt, OperatorError> {
        let held = match self.hold(instance, new.wait).await {
            Ok(held) => held,
            // Deleted between the two looks.
            Err(OperatorError::NoInstance(_)) => return Ok(Attempt::Again),
            Err(error) => return Err(error),
        };
        let is_as_seen = match ended {
            None => !held.session().is_deleting(),
            Some(ended) => {
                held.session().is_deleting() && held.session().generation() == ended.generation()
            }
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
        let old = held.session().device();
        same_number(instance, old.as_ref(), &new.credentials.device)?;
        let before = working(held.session())?;
        if let Replaces::Seen(seen) = new.replaces
            && seen != before.as_deref()
        {
            return Err(OperatorError::Changed(instance.clone()).into());
        }
        let proxy = match &new.credentials.proxy {
            Some(proxy) => Some(proxy.clone()),
            None => self.stored_proxy(held).await?,
        };
        let sealed = self.seal_device(instance, new, proxy.as_ref()).await?;
        let (generation, now) = (Generation::new()?, self.now().await?);
        let mut actions = vec![
            session::relink(held, &sealed.session(new), &generation, now),
            device::claim(&new.credentials.device, instance),
            data_key::is_current(&sealed.credentials.key_id),
        ];
        if let Some(old) = old.filter(|old| *old != new.credentials.device) {
            actions.push(device::release(&old, instance));
        }
        match self.table.write(actions, PATIENCE).await {
            Ok(Ok(())) => Ok(Attempt::Done(StoredDevice::instead_of(
                before.filter(|before| *before != new.credentials.device.to_string()),
            ))),
            Ok(Err(refused)) => Ok(why(instance, new.credentials, &refused)?),
            Err(error) if error.leaves_open() => Err(Unstored::Open(error.into())),
            Err(error) => Err(error.into()),
        }
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
        let before = held.session().device_text().map(str::to_owned);
        let is_told_apart = before != Some(new.credentials.device.to_string());
        let replaced = working(held.session())?.filter(|_| is_told_apart);
        let released =
            held.into_leased().settle(&Said::default(), &Settlement::default(), patience()).await;
        match self.holds(&instance, &new.credentials.device).await {
            Ok(true) if is_told_apart => Ok(Attempt::Done(StoredDevice::instead_of(replaced))),
            Ok(false) if released.is_ok() => Err(error),
            Ok(_) | Err(_) => Err(may_be_stored(&instance, new)),
        }
    }
}

/// The device of a session that is linked.
fn working(session: &Session) -> Result<Option<String>, OperatorError> {
    let is_linked = session.state()? == State::Linked;
    Ok(session.device_text().filter(|_| is_linked).map(str::to_owned))
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
    match (refused.action, &refused.found) {
        (0 | 2, _) => Ok(Attempt::Again),
        (1, Some(claim)) => Err(OperatorError::DeviceTaken {
            device: credentials.device.to_string(),
            by: claim.owner()?,
        }),
        (_, None) => Err(OperatorError::NoAccount(instance.account.clone())),
        (_, Some(account)) if account.is_closing() => {
            Err(OperatorError::AccountClosing(instance.account.clone()))
        }
        (_, Some(_)) => Err(OperatorError::Changed(instance.clone())),
    }
}
