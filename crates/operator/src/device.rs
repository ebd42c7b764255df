//! A device that is to be stored, and the sealed form of one that is.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::{Credentials, DeviceJid};
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use operation::visit::held;
use store::rows::session::{Resealed, Session};
use store::seal::Sealed;
use store::session::{Held, Said, Settlement};
use zeroize::Zeroizing;

use crate::{Operator, OperatorError, patience};

/// A device that was linked, or comes from other software.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// Its credentials. Without a proxy it gets the one that the instance has.
    pub credentials: &'a Credentials,
    /// The keys that its first login needs, when that is still to come. They are sealed
    /// like the credentials, and kept until it has come to its end.
    pub first_login: Option<&'a [u8]>,
    /// How long a busy session is waited for, when not as long as the function does.
    pub wait: Option<Duration>,
    /// Whose place it may take.
    pub replaces: Replaces<'a>,
}

/// Which device that works may be replaced. Whoever links looks minutes before they store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces<'a> {
    /// Whichever there is.
    Any,
    /// This one, as it was seen; `None` where none worked.
    Seen(Option<&'a str>),
}

impl<'a> NewDevice<'a> {
    /// One whose first login was made long ago.
    pub fn finished(credentials: &'a Credentials) -> Self {
        Self { credentials, first_login: None, wait: None, replaces: Replaces::Any }
    }
}

/// Groups and history of two numbers must not mix.
pub(crate) fn same_number(
    instance: &InstanceId,
    old: Option<&DeviceJid>,
    new: &DeviceJid,
) -> Result<(), OperatorError> {
    match old.filter(|old| old.user() != new.user()) {
        Some(old) => {
            Err(OperatorError::OtherNumber { instance: instance.clone(), device: old.to_string() })
        }
        None => Ok(()),
    }
}

impl Operator {
    /// Whether a device of the phone `number` can be stored as `instance`, as far as it can
    /// be told before: storing looks again.
    ///
    /// # Errors
    /// [`OperatorError::OtherNumber`], or the table's.
    pub async fn fits(&self, instance: &InstanceId, number: u64) -> Result<(), OperatorError> {
        let there = self.table.session(instance, patience()).await?;
        let there = there.filter(|session| !session.is_deleting());
        match there.and_then(|session| session.device()).filter(|old| old.user() != number) {
            Some(old) => {
                let device = old.to_string();
                Err(OperatorError::OtherNumber { instance: instance.clone(), device })
            }
            None => Ok(()),
        }
    }

    /// What is sealed in a session of `from`, sealed anew for `to` with one data key:
    /// `credentials` where they are to change, otherwise those that are there.
    pub(crate) async fn sealed_anew(
        &self,
        session: &Session,
        (from, to): (&InstanceId, &InstanceId),
        key_id: &str,
        credentials: Option<&Credentials>,
    ) -> Result<Resealed, OperatorError> {
        let keyring = &self.engine.keyring;
        let old = session
            .sealed()
            .ok_or_else(|| OperatorError::NotConnected { instance: from.clone(), gone: None })?;
        let plain = match credentials {
            Some(credentials) => credentials.to_bytes(),
            None => keyring.open(&old, from, patience()).await?,
        };
        let sealed = keyring.seal(&plain, to, key_id, patience()).await?;
        let first_login = match self.first_login_keys(session, from).await? {
            Some(keys) => Some(keyring.seal(&keys, to, key_id, patience()).await?.bytes),
            None => None,
        };
        Ok(Resealed { sealed, first_login })
    }

    /// The keys of a first login that has not ended, opened.
    pub(crate) async fn first_login_keys(
        &self,
        session: &Session,
        instance: &InstanceId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, OperatorError> {
        let Some(sealed) = session.first_login() else { return Ok(None) };
        Ok(Some(self.engine.keyring.open(&sealed, instance, patience()).await?))
    }

    /// Whether `instance` has `device` now, read consistently.
    ///
    /// # Errors
    /// The table's.
    pub async fn holds(
        &self,
        instance: &InstanceId,
        device: &DeviceJid,
    ) -> Result<bool, OperatorError> {
        let there = self.table.session(instance, patience()).await?;
        let there = there.as_ref().and_then(Session::device_text);
        Ok(there == Some(device.to_string().as_str()))
    }

    /// The session of `instance` under our lease, whatever its state. A busy one is
    /// waited for as long as `wait`, or as the function waits.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::Busy`], or the table's.
    pub async fn hold(
        &self,
        instance: &InstanceId,
        wait: Option<Duration>,
    ) -> Result<Held, OperatorError> {
        let wait = wait.unwrap_or_else(|| self.engine.sessions.wait());
        let budget = Budget::of(LEASE.run + wait);
        #[expect(clippy::disallowed_methods, reason = "for the writes that replace a device")]
        let held = held(&self.engine, instance, wait, budget).await;
        held.map_err(|error| OperatorError::of_acquire(instance, error))
    }

    /// Gives a lease back. What does not get through ends with the lease.
    pub(crate) async fn let_go(&self, held: Held) {
        let _ =
            held.into_leased().settle(&Said::default(), &Settlement::default(), patience()).await;
    }

    pub(crate) async fn open_credentials(
        &self,
        sealed: &Sealed,
        instance: &InstanceId,
    ) -> Result<Credentials, OperatorError> {
        let plain = self.engine.keyring.open(sealed, instance, patience()).await?;
        Credentials::from_bytes(&plain).map_err(|_| OperatorError::Credentials(instance.clone()))
    }
}
