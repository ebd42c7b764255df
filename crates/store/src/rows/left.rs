//! A group that an instance left: its history.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Budget, UnixMillis};
use domain::group::{Group, GroupJid};
use domain::tenant::InstanceId;

use crate::session::Generation;
use crate::table::{Attributes, Corrupt, Item, StoreError, Table, keys, number, text};

/// How long history is kept: 90 days.
const LIFE_SECONDS: u64 = 90 * 24 * 60 * 60;

/// The attribute that says that it was left under another name.
pub(super) const MOVED: &str = "moved";

/// A leave for the history.
#[derive(Debug)]
pub(crate) struct NewLeft<'a> {
    pub(crate) group: &'a Group,
    /// When the intent that it fulfils was first written.
    pub(crate) began: UnixMillis,
    /// The owner that wrote that intent.
    pub(crate) by: &'a str,
    pub(crate) at: UnixMillis,
    pub(crate) request_id: &'a str,
    pub(crate) confirmed: bool,
}

/// A group that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The group.
    pub jid: GroupJid,
    /// `group`, `community`, `subgroup` or `announcement`.
    pub kind: String,
    /// When.
    pub at: UnixMillis,
    /// The request that did it.
    pub request_id: String,
    /// Whether WhatsApp confirmed it; otherwise the outcome was lost and learned later.
    pub confirmed: bool,
    /// Whether it was done under another name, before the instance got this one.
    pub moved: bool,
}

impl NewLeft<'_> {
    /// The item.
    pub(crate) fn item(&self, instance: &InstanceId, generation: &Generation) -> Attributes {
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
            ("expires_at".to_owned(), number(self.at.seconds() + LIFE_SECONDS)),
        ]);
        generation.mark(&mut item);
        item
    }
}

impl Left {
    fn read(item: &Attributes) -> Result<Self, Corrupt> {
        let truth = |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied();
        let (confirmed, moved) = (truth("confirmed"), truth(MOVED));
        let item = Item(item);
        Ok(Self {
            jid: item.text("jid")?.parse().map_err(|_| Corrupt("jid"))?,
            kind: item.text("group_kind")?.to_owned(),
            at: UnixMillis(item.number("left_at")?),
            request_id: item.text("request_id")?.to_owned(),
            confirmed: confirmed.ok_or(Corrupt("confirmed"))?,
            moved: moved.unwrap_or_default(),
        })
    }
}

impl Table {
    /// What the session of that generation left, the earliest first. One that cannot be
    /// read is among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left_by(
        &self,
        instance: &InstanceId,
        generation: &Generation,
        budget: Budget,
    ) -> Result<Vec<Result<Left, Corrupt>>, StoreError> {
        let partition = keys::instance_partition(instance);
        let items = self.list(&partition, keys::LEFT_PREFIX, budget).await?;
        let its = items.iter().filter(|item| generation.has(Item(item)));
        Ok(its.map(Left::read).collect())
    }
}
