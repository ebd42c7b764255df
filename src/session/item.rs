//! The items of a session, as they are stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::StoredIntent;
use super::due::{self, DUE};
use crate::clock::UnixMillis;
use crate::credentials::{Credentials, DeviceJid};
use crate::group::Group;
use crate::seal::Sealed;
use crate::table::{Attributes, Corrupt, Item, binary, keys, number, text};
use crate::tenant::InstanceId;

/// `session_state` of a device that can log in.
pub const LINKED: &str = "linked";
/// `session_state` of a device that WhatsApp has unlinked.
pub const LOGGED_OUT: &str = "logged_out";
/// `session_state` of an instance that was never linked.
pub const NEVER_LINKED: &str = "never_linked";

/// Why WhatsApp does not listen to a session for a while (`blocked_by`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockReason {
    /// It throttled us.
    Throttled,
    /// It banned the number.
    Banned,
}

impl BlockReason {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Banned => "banned",
        }
    }

    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "banned" => Self::Banned,
            _ => Self::Throttled,
        }
    }
}

/// What a new session item is made of.
#[derive(Debug)]
pub enum NewSession<'a> {
    /// An instance without a device.
    NeverLinked,
    /// A linked device with its sealed credentials.
    Linked {
        /// Whose JIDs are also stored in the open, for lists.
        credentials: &'a Credentials,
        /// The sealed form of the same.
        sealed: &'a Sealed,
    },
}

/// The item of a new session. It has an empty map of intents from the start:
/// an update cannot set a path inside a map that is not there.
///
/// `now` is when it was made; its first check is due a check's interval later.
pub fn session_item(
    instance: &InstanceId,
    session: &NewSession<'_>,
    now: UnixMillis,
) -> Attributes {
    let key = keys::session(instance);
    let mut item = HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("account".to_owned(), text(instance.account.as_str())),
        ("instance".to_owned(), text(instance.name.as_str())),
        ("intents".to_owned(), AttributeValue::M(HashMap::new())),
        ("created_at".to_owned(), number(now.0)),
    ]);
    match session {
        NewSession::NeverLinked => {
            item.insert("session_state".to_owned(), text(NEVER_LINKED));
        }
        NewSession::Linked { credentials, sealed } => {
            item.insert("session_state".to_owned(), text(LINKED));
            item.insert("device_jid".to_owned(), text(credentials.device.to_string()));
            if let Some(lid) = &credentials.lid {
                item.insert("device_lid".to_owned(), text(lid.clone()));
            }
            item.insert("key_id".to_owned(), text(sealed.key_id.clone()));
            item.insert("sealed".to_owned(), binary(sealed.bytes.clone()));
            item.insert("linked_at".to_owned(), number(now.0));
            item.insert("due".to_owned(), text(DUE));
            item.insert("due_at".to_owned(), number(due::next(now).0));
        }
    }
    item
}

/// The claim of an instance on a linked device.
pub fn device_claim(device: &DeviceJid, instance: &InstanceId) -> Attributes {
    let key = keys::device(device);
    HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("account".to_owned(), text(instance.account.as_str())),
        ("instance".to_owned(), text(instance.name.as_str())),
    ])
}

/// The roster row of a group that the instance is in.
pub fn group_row(instance: &InstanceId, group: &Group) -> Attributes {
    let key = keys::group(instance, &group.jid);
    let mut item = HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("jid".to_owned(), text(group.jid.as_str())),
        ("group_kind".to_owned(), text(group.kind.name())),
    ]);
    if let Some(parent) = group.kind.parent() {
        item.insert("parent_jid".to_owned(), text(parent.as_str()));
    }
    item
}

/// The history row of a leave.
pub(super) fn left_row(
    instance: &InstanceId,
    group: &Group,
    at: UnixMillis,
    request_id: &str,
    confirmed: bool,
) -> Attributes {
    let key = keys::left(instance, at, &group.jid);
    HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("jid".to_owned(), text(group.jid.as_str())),
        ("group_kind".to_owned(), text(group.kind.name())),
        ("left_at".to_owned(), number(at.0)),
        ("request_id".to_owned(), text(request_id)),
        ("confirmed".to_owned(), AttributeValue::Bool(confirmed)),
        ("expires_at".to_owned(), number(at.seconds() + HISTORY_LIFE_SECONDS)),
    ])
}

/// How long history is kept: 90 days.
const HISTORY_LIFE_SECONDS: u64 = 90 * 24 * 60 * 60;

pub(super) fn intent(by: &str, at: UnixMillis) -> AttributeValue {
    AttributeValue::M(HashMap::from([("by".to_owned(), text(by)), ("at".to_owned(), number(at.0))]))
}

pub(super) fn intents(item: Item<'_>) -> Result<HashMap<String, StoredIntent>, Corrupt> {
    item.map("intents")?
        .iter()
        .map(|(jid, value)| {
            let entry = Item(value.as_m().map_err(|_| Corrupt("intents"))?);
            let intent = StoredIntent {
                by: entry.text("by")?.to_owned(),
                at: UnixMillis(entry.number("at")?),
            };
            Ok((jid.clone(), intent))
        })
        .collect()
}
