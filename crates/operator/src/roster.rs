//! The groups that an instance is in: as the table has them, and as WhatsApp lists
//! them. A full roster spares the usual leave a query, and is the evidence that a
//! lost outcome is told by (`docs/truth.md`).

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::{Group, GroupJid};
use domain::tenant::InstanceId;
use store::rows::group::{self, Row};
use store::table::MOST_ACTIONS;
use wacore::request::InfoQueryType;
use wacore_binary::builder::NodeBuilder;
use whatsapp::{Failure, Iq, Online, read_group};

use crate::visit::Visit;
use crate::{Operator, OperatorError, patience};

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
        let rows = self.table.groups_of(instance, &session.generation(), patience()).await?;
        rows.into_iter().map(|row| Ok(row?.into())).collect()
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
        let generation = visit.leased.generation();
        let mut roster = self.table.roster(instance, visit.budget).await?;
        let mut synced = Synced {
            groups: listed.groups.len(),
            unreadable: listed.unreadable,
            ..Synced::default()
        };
        let mut actions = Vec::new();
        for (jid, listed) in &listed.groups {
            let (group, subject) = (&listed.group, listed.subject.as_deref());
            // A row that cannot be read is written anew or removed by its key.
            let known = roster.take(jid);
            if visit.leased.standing(jid).is_some() {
                synced.unresolved += 1;
            } else if !known.is_some_and(|row| row.is(instance, group, subject, generation)) {
                synced.written += 1;
                actions.push(group::put(instance, group, subject, generation));
            }
        }
        for row in roster.rest() {
            let stands = row.jid().is_some_and(|jid| visit.leased.standing(&jid).is_some());
            if stands {
                synced.unresolved += 1;
            } else if listed.unreadable == 0 {
                synced.removed += 1;
                actions.push(row.delete()?);
            }
        }
        // Each transaction has the fence, so a run that lost its lease writes nothing more.
        while !actions.is_empty() {
            let most = actions.len().min(MOST_ACTIONS - 1);
            let mut chunk = vec![visit.leased.fence()];
            chunk.extend(actions.drain(..most));
            if self.table.write_once(chunk, visit.budget).await?.is_err() {
                return Err(OperatorError::LeaseExpired(instance.clone()));
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

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        let subject = row.subject().map(str::to_owned);
        Self { group: row.group().clone(), subject }
    }
}
