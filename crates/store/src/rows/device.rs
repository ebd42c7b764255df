//! The claim of an instance on a linked device: one device under two instances would be
//! two leases.

use std::collections::HashMap;

use domain::clock::Budget;
use domain::credentials::DeviceJid;
use domain::tenant::InstanceId;

use crate::table::keys::Key;
use crate::table::{Action, Attributes, Condition, Item, StoreError, Table, owner, text};

fn key(device: &DeviceJid) -> Key {
    Key { pk: format!("DEVICE#{}:{}", device.user(), device.device()), sk: "DEVICE".to_owned() }
}

/// Claims a device for `instance`, whoever has it.
pub fn put(device: &DeviceJid, instance: &InstanceId) -> Action {
    Action::put(item(device, instance))
}

/// Claims a device for `instance`, if it is nobody's or its own.
pub fn claim(device: &DeviceJid, instance: &InstanceId) -> Action {
    Action::put_if(item(device, instance), is_nobodys_or(instance))
}

/// Gives `old`'s device to `new`, if it is nobody's or `old`'s.
pub fn hand_over(device: &DeviceJid, old: &InstanceId, new: &InstanceId) -> Action {
    Action::put_if(item(device, new), is_nobodys_or(old))
}

/// Takes the claim back, if it is nobody's or `instance`'s.
pub fn release(device: &DeviceJid, instance: &InstanceId) -> Action {
    Action::delete_if(key(device), is_nobodys_or(instance))
}

impl Table {
    /// Whose a device is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device_owner(
        &self,
        device: &DeviceJid,
        budget: Budget,
    ) -> Result<Option<InstanceId>, StoreError> {
        let claim = self.get(&key(device), budget).await?;
        Ok(claim.map(|claim| owner(Item(&claim))).transpose()?)
    }
}

fn item(device: &DeviceJid, instance: &InstanceId) -> Attributes {
    let key = key(device);
    HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("account".to_owned(), text(instance.account.as_str())),
        ("instance".to_owned(), text(instance.name.as_str())),
    ])
}

fn is_nobodys_or(instance: &InstanceId) -> Condition {
    Condition::new("attribute_not_exists(pk) OR (#account = :account AND #instance = :instance)")
        .name("#account", "account")
        .name("#instance", "instance")
        .value(":account", text(instance.account.as_str()))
        .value(":instance", text(instance.name.as_str()))
}
