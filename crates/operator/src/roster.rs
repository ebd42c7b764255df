//! The groups that an instance is in: as the table has them, and as WhatsApp lists
//! them. A full roster spares the usual leave a query, and is the evidence that a
//! lost outcome is told by (`docs/truth.md`).

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::{Group, GroupJid, GroupKind};
use domain::tenant::InstanceId;
use store::session::{Generation, group_row};
use store::table::{Attributes, Cancelled, Corrupt, Item, StoreError, keys, text};
use wacore::request::InfoQueryType;
use wacore_binary::builder::NodeBuilder;
use whatsapp::{Failure, Iq, Online, read_group};

use crate::visit::Visit;
use crate::writes::{MOST_ACTIONS, random};
use crate::{Operator, OperatorError};

/// A group with its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The group and its kind.
    pub group: Group,
    /// Its subject, when it is known.
    pub subject: Option<String>,
}

/// WhatsApp's list of the groups that a session is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Participating {
    /// Those that could be read, by JID.
    pub groups: BTreeMap<GroupJid, Listed>,
    /// Entries that could not be read. Then a group that is not listed may be one of
    /// them.
    pub unreadable: usize,
}

/// What a sync changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Groups that the instance is in.
    pub groups: usize,
    /// Rows that are new or changed.
    pub written: usize,
    /// Rows of groups that it is in no more.
    pub removed: usize,
    /// Groups that were left alone, because a leave of them is unresolved.
    pub unresolved: usize,
    /// Entries of WhatsApp's list that could not be read; nothing was removed then.
    pub unreadable: usize,
}

impl Operator {
    /// The roster, as the table has it.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn roster(&self, instance: &InstanceId) -> Result<Vec<Listed>, OperatorError> {
        let session = self.session(instance).await?;
        let items = self.list_of(instance, &session, keys::GROUP_PREFIX).await?;
        items.iter().map(read).collect()
    }

    /// Fills the roster from WhatsApp's own list, under the instance's lease. A group
    /// whose leave is unresolved is left alone: its row is what tells that leave's
    /// outcome.
    ///
    /// # Errors
    /// Those of a [`Self::visit`].
    pub async fn sync_roster(&self, instance: &InstanceId) -> Result<Synced, OperatorError> {
        self.visit(instance, async |visit: Visit<'_>| {
            let listed = participating(visit.online, visit.budget).await?;
            self.write_roster(&visit, listed).await
        })
        .await
    }

    async fn write_roster(
        &self,
        visit: &Visit<'_>,
        listed: Participating,
    ) -> Result<Synced, OperatorError> {
        let instance = visit.leased.instance();
        let pk = keys::instance_partition(instance);
        let rows = self.table.list(&pk, keys::GROUP_PREFIX, visit.budget).await?;
        let mut synced = Synced {
            groups: listed.groups.len(),
            unreadable: listed.unreadable,
            ..Synced::default()
        };
        let mut there = BTreeMap::new();
        for row in &rows {
            // A row that cannot be read is written anew or removed by its key.
            there.insert(Item(row).text("sk")?, row);
        }
        let mut actions = Vec::new();
        for (jid, listed) in &listed.groups {
            let row = row(instance, listed, visit.leased.generation());
            let known = there.remove(keys::group(instance, jid).sk.as_str());
            if visit.leased.standing(jid).is_some() {
                synced.unresolved += 1;
            } else if known != Some(&row) {
                synced.written += 1;
                actions.push(self.put(row, None)?);
            }
        }
        for (sk, row) in there {
            let jid = sk.strip_prefix(keys::GROUP_PREFIX).and_then(|jid| jid.parse().ok());
            let stands = jid.is_some_and(|jid| visit.leased.standing(&jid).is_some());
            if stands {
                synced.unresolved += 1;
            } else if listed.unreadable == 0 {
                synced.removed += 1;
                actions.push(self.delete(crate::writes::key(row)?, None)?);
            }
        }
        // Each transaction has the fence, so a run that lost its lease writes nothing more.
        while !actions.is_empty() {
            let most = actions.len().min(MOST_ACTIONS - 1);
            let mut chunk = vec![visit.leased.fence()?];
            chunk.extend(actions.drain(..most));
            let token = hex::encode(random::<16>()?);
            match self.table.transact(&token, chunk, visit.budget).await? {
                Ok(()) => {}
                Err(Cancelled::Condition { .. }) => {
                    return Err(OperatorError::LeaseExpired(instance.clone()));
                }
                Err(cancelled) => {
                    return Err(StoreError::Unavailable(format!("{cancelled:?}")).into());
                }
            }
        }
        Ok(synced)
    }
}

/// Asks WhatsApp for the groups that a session is in: ids, subjects and kinds, no
/// members (`<participating>` without its children).
///
/// # Errors
/// [`Failure::Iq`], or the connection's failure.
pub async fn participating(online: &mut Online, budget: Budget) -> Result<Participating, Failure> {
    let query = NodeBuilder::new("participating").build();
    let reply = online.ask(Iq::to_groups(InfoQueryType::Get, query), budget).await?;
    let groups = reply.get_optional_child("groups").ok_or(Failure::Protocol("list of groups"))?;
    let mut listed = Participating::default();
    for node in groups.get_children_by_tag("group") {
        let Some(group) = read_group(node) else {
            listed.unreadable += 1;
            continue;
        };
        let subject = node.get_attr("subject").map(|subject| subject.as_str().into_owned());
        listed.groups.insert(group.jid.clone(), Listed { group, subject });
    }
    Ok(listed)
}

/// Longest subject that is stored, in characters: WhatsApp's own are 100 at most, and
/// an item has room for 400 KB.
const LONGEST_SUBJECT: usize = 500;

/// The row of a listed group. Only a sync knows subjects.
fn row(instance: &InstanceId, listed: &Listed, generation: &Generation) -> Attributes {
    let mut row = group_row(instance, &listed.group, generation);
    if let Some(subject) = &listed.subject {
        let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
        row.insert("subject".to_owned(), text(subject));
    }
    row
}

fn read(item: &Attributes) -> Result<Listed, OperatorError> {
    let item = Item(item);
    let jid = item.text("jid")?.parse().map_err(|_| Corrupt("jid"))?;
    let parent = item.optional_text("parent_jid").and_then(|parent| parent.parse().ok());
    let kind =
        GroupKind::from_name(item.text("group_kind")?, parent).ok_or(Corrupt("group_kind"))?;
    let subject = item.optional_text("subject").map(str::to_owned);
    Ok(Listed { group: Group { jid, kind }, subject })
}
