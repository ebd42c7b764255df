//! The items of a session, as they are stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::UnixMillis;
use domain::credentials::{Credentials, DeviceJid};
use domain::group::Group;
use domain::tenant::InstanceId;

use super::due::{self, DUE};
use super::generation::Generation;
use crate::seal::Sealed;
use crate::table::{Attributes, binary, keys, number, text};

/// `session_state` of a device that can log in.
pub const LINKED: &str = "linked";
/// `session_state` of a device that WhatsApp has unlinked.
pub const LOGGED_OUT: &str = "logged_out";
/// `session_state` of an instance that was never linked.
pub const NEVER_LINKED: &str = "never_linked";
/// `session_state` of an instance that is being deleted: for callers there is none.
pub const DELETING: &str = "deleting";

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
    generation: &Generation,
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
    generation.mark(&mut item);
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
pub fn group_row(instance: &InstanceId, group: &Group, generation: &Generation) -> Attributes {
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
    generation.mark(&mut item);
    item
}

/// A leave for the history.
#[derive(Debug)]
pub(super) struct LeftRow<'a> {
    pub(super) group: &'a Group,
    /// When the intent that it fulfils was first written.
    pub(super) began: UnixMillis,
    /// The owner that wrote that intent.
    pub(super) by: &'a str,
    pub(super) at: UnixMillis,
    pub(super) request_id: &'a str,
    pub(super) confirmed: bool,
}

impl LeftRow<'_> {
    /// The item.
    pub(super) fn item(&self, instance: &InstanceId, generation: &Generation) -> Attributes {
        let jid = &self.group.jid;
        let key = keys::left(instance, self.began, jid, self.by);
        let mut item = HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("jid".to_owned(), text(jid.as_str())),
            ("group_kind".to_owned(), text(self.group.kind.name())),
            ("left_at".to_owned(), number(self.at.0)),
            ("request_id".to_owned(), text(self.request_id)),
            ("confirmed".to_owned(), AttributeValue::Bool(self.confirmed)),
            ("expires_at".to_owned(), number(self.at.seconds() + HISTORY_LIFE_SECONDS)),
        ]);
        generation.mark(&mut item);
        item
    }
}

/// How long history is kept: 90 days.
const HISTORY_LIFE_SECONDS: u64 = 90 * 24 * 60 * 60;
