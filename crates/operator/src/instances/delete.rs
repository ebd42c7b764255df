//! Deleting an instance, and everything that belongs to it.
//!
//! Its session goes last. Rows that outlived it would be evidence of membership for
//! an instance of the same name that is made later, so a deletion that was cut short
//! leaves an instance without a device, and deleting it again ends the work.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use leave_group::credentials::DeviceJid;
use leave_group::session::NEVER_LINKED;
use leave_group::table::keys::Key;
use leave_group::table::{Attributes, Item, StoreError, keys, text};
use leave_group::tenant::{AccountId, InstanceId};

use crate::writes::{self, Condition};
use crate::{Operator, OperatorError};

/// What went with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Rows of groups, of the history, and kept answers.
    pub rows: usize,
    /// Its own tokens.
    pub tokens: usize,
}

/// Takes the device off a session, so that no run can begin.
const UNLINK: &str = "SET session_state = :never, intents = :none REMOVE sealed, key_id, device_jid, \
    device_lid, due, due_at, lease_owner, lease_until, blocked_until, blocked_by, linked_at, \
    checked_at, check_result";

impl Operator {
    /// Deletes an instance with its groups, history, kept answers, tokens and its
    /// claim on a device. Nobody may hold it. The device stays linked at WhatsApp.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::Busy`],
    /// [`OperatorError::Changed`], or the table's.
    pub async fn delete_instance(&self, id: &InstanceId) -> Result<Deleted, OperatorError> {
        self.unlink_session(id).await?;
        let rows = self.rows(id).await?;
        let tokens = self.own_tokens(&id.account, id).await?;
        let deleted = Deleted { rows: rows.len(), tokens: tokens.len() };
        self.delete_all(rows).await?;
        self.delete_all(tokens).await?;

        let is_unlinked = Condition::new(
            "session_state = :never AND attribute_not_exists(sealed) \
             AND attribute_not_exists(lease_owner)",
        )
        .value(":never", text(NEVER_LINKED));
        let delete = self.delete(keys::session(id), Some(&is_unlinked))?;
        match self.write(vec![delete]).await? {
            Ok(()) => Ok(deleted),
            Err(refused) if refused.item.is_none() => Ok(deleted),
            Err(_) => Err(OperatorError::Changed(id.clone())),
        }
    }

    async fn unlink_session(&self, id: &InstanceId) -> Result<(), OperatorError> {
        let session = self.session(id).await?;
        let device = Item(&session).optional_text("device_jid");
        let now = self.now();
        let free = Condition::is_free(now)
            .value(":never", text(NEVER_LINKED))
            .value(":none", AttributeValue::M(HashMap::new()));
        let free = match device {
            Some(device) => free.and("device_jid = :device").value(":device", text(device)),
            None => free.and("attribute_not_exists(device_jid)"),
        };
        let mut actions = vec![self.change(keys::session(id), UNLINK, &free)?];
        if let Some(device) = device.and_then(|device| device.parse::<DeviceJid>().ok()) {
            let ours = Condition::is_nobodys_or(id);
            actions.push(self.delete(keys::device(&device), Some(&ours))?);
        }
        match self.write(actions).await? {
            Ok(()) => Ok(()),
            Err(refused) => Err(match refused.lease_left(now) {
                Some(left) => OperatorError::Busy { instance: id.clone(), left },
                None => OperatorError::Changed(id.clone()),
            }),
        }
    }

    /// The keys of everything of an instance but its session.
    async fn rows(&self, id: &InstanceId) -> Result<Vec<Key>, OperatorError> {
        let mut pages = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::instance_partition(id)))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let session = keys::session(id);
        let mut rows = Vec::new();
        while let Some(item) = pages.next().await {
            let key = writes::key(&item.map_err(|error| StoreError::of(&error))?)?;
            if key != session {
                rows.push(key);
            }
        }
        Ok(rows)
    }

    async fn own_tokens(
        &self,
        account: &AccountId,
        id: &InstanceId,
    ) -> Result<Vec<Key>, OperatorError> {
        let items = self.of_account(account, keys::TOKEN_PREFIX).await?;
        let is_own = |item: &&Attributes| {
            Item(item).optional_text("kind") == Some("instance")
                && Item(item).optional_text("instance") == Some(id.name.as_str())
        };
        items.iter().filter(is_own).map(writes::key).collect()
    }
}
