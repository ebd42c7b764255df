//! The groups that an instance is in: as the table has them, and as WhatsApp lists
//! them. A full roster spares the usual leave a query, and is the evidence that a
//! lost outcome is told by (`docs/truth.md`).

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::{Group, GroupKind};
use domain::tenant::InstanceId;
use store::session::{Generation, Leased, group_row};
use store::table::{Attributes, Cancelled, Corrupt, Item, StoreError, keys, text};
use whatsapp::{Listed, Participating};

use crate::writes::{MOST_ACTIONS, random};
use crate::{Operator, OperatorError};

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
        self.visit(instance, async |visit, online, _| {
            let listed = online.participating(visit.budget()).await?;
            self.write_roster(visit.leased(), listed, visit.budget()).await
        })
        .await
    }

    async fn write_roster(
        &self,
        leased: &Leased,
        listed: Participating,
        budget: Budget,
    ) -> Result<Synced, OperatorError> {
        let instance = leased.instance();
        let pk = keys::instance_partition(instance);
        let rows = self.table.list(&pk, keys::GROUP_PREFIX, budget).await?;
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
            let row = row(instance, listed, leased.generation());
            let known = there.remove(keys::group(instance, jid).sk.as_str());
            if leased.standing(jid).is_some() {
                synced.unresolved += 1;
            } else if known != Some(&row) {
                synced.written += 1;
                actions.push(self.put(row, None)?);
            }
        }
        for (sk, row) in there {
            let jid = sk.strip_prefix(keys::GROUP_PREFIX).and_then(|jid| jid.parse().ok());
            let stands = jid.is_some_and(|jid| leased.standing(&jid).is_some());
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
            let mut chunk = vec![leased.fence()?];
            chunk.extend(actions.drain(..most));
            let token = hex::encode(random::<16>()?);
            match self.table.transact(&token, chunk, budget).await? {
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
