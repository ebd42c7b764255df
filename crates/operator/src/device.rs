//! A device that is to be stored, and the sealed form of one that is.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::{Credentials, DeviceJid};
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use operation::visit::held;
use store::seal::Sealed;
use store::session::{Held, Settlement};
use store::table::{Attributes, Item, binary, keys, text};
use zeroize::Zeroizing;

use crate::writes::Condition;
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
}

impl<'a> NewDevice<'a> {
    /// One whose first login was made long ago.
    pub fn finished(credentials: &'a Credentials) -> Self {
        Self { credentials, first_login: None, wait: None }
    }
}

/// The sealed credentials of a session, when it has some.
pub(crate) fn sealed_value(session: &Attributes) -> Option<Sealed> {
    let item = Item(session);
    let key_id = item.optional_text("key_id")?.to_owned();
    Some(Sealed { key_id, bytes: item.binary("sealed").ok()?.to_vec() })
}

/// The name of the attribute with the keys of a first login that has not ended.
pub(crate) const FIRST_LOGIN: &str = "first_login";

/// What is sealed in a session is what was read of it.
pub(crate) fn as_sealed(session: &Attributes) -> Condition {
    let Some(sealed) = sealed_value(session) else {
        return Condition::new("attribute_not_exists(sealed)");
    };
    let condition = Condition::new("sealed = :read AND key_id = :read_key")
        .value(":read", binary(sealed.bytes))
        .value(":read_key", text(sealed.key_id));
    match session.get(FIRST_LOGIN) {
        Some(keys) => condition.and("first_login = :read_first").value(":read_first", keys.clone()),
        None => condition.and("attribute_not_exists(first_login)"),
    }
}

/// The lease is still ours, and what is sealed is what was read.
pub(crate) fn as_read(held: &Held) -> Condition {
    let condition = as_sealed(held.item()).and("lease_owner = :me");
    let condition = condition.value(":me", text(held.owner()));
    // A block is lifted without the lease.
    match held.item().get("blocked_until") {
        Some(until) => condition.and("blocked_until = :blocked").value(":blocked", until.clone()),
        None => condition.and("attribute_not_exists(blocked_until)"),
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

/// An update that puts `sealed` into a session, on a condition that gets its values.
pub(crate) fn set_sealed(sealed: Attributes, mut condition: Condition) -> (String, Condition) {
    let mut set = Vec::new();
    for (name, value) in sealed {
        set.push(format!("{name} = :new_{name}"));
        condition = condition.value(&format!(":new_{name}"), value);
    }
    (format!("SET {}", set.join(", ")), condition)
}

impl Operator {
    /// What is sealed in a session of `from`, sealed anew for `to` with one data key:
    /// `credentials` where they are to change, otherwise those that are there.
    pub(crate) async fn sealed_anew(
        &self,
        session: &Attributes,
        (from, to): (&InstanceId, &InstanceId),
        key_id: &str,
        credentials: Option<&Credentials>,
    ) -> Result<Attributes, OperatorError> {
        let keyring = &self.engine.keyring;
        let old = sealed_value(session)
            .ok_or_else(|| OperatorError::NotConnected { instance: from.clone(), gone: None })?;
        let plain = match credentials {
            Some(credentials) => credentials.to_bytes(),
            None => keyring.open(&old, from, patience()).await?,
        };
        let new = keyring.seal(&plain, to, key_id, patience()).await?;
        let mut sealed = Attributes::from([
            ("sealed".to_owned(), binary(new.bytes)),
            ("key_id".to_owned(), text(new.key_id)),
        ]);
        if let Some(keys) = self.first_login_keys(session, from).await? {
            let keys = keyring.seal(&keys, to, key_id, patience()).await?;
            sealed.insert(FIRST_LOGIN.to_owned(), binary(keys.bytes));
        }
        Ok(sealed)
    }

    /// The keys of a first login that has not ended, opened.
    pub(crate) async fn first_login_keys(
        &self,
        session: &Attributes,
        instance: &InstanceId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, OperatorError> {
        let (Some(credentials), Ok(bytes)) =
            (sealed_value(session), Item(session).binary(FIRST_LOGIN))
        else {
            return Ok(None);
        };
        let sealed = Sealed { key_id: credentials.key_id, bytes: bytes.to_vec() };
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
        let there = self.table.get(&keys::session(instance), patience()).await?;
        let there = there.as_ref().and_then(|item| Item(item).optional_text("device_jid"));
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
        let held = held(&self.engine, instance, wait, budget).await;
        held.map_err(|error| OperatorError::of_acquire(instance, error))
    }

    /// Gives a lease back. What does not get through ends with the lease.
    pub(crate) async fn let_go(&self, held: Held) {
        let _ = held.into_leased().settle(Settlement::default(), patience()).await;
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
