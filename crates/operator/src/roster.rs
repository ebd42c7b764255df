//! The groups that an instance is in: as the table has them, and as WhatsApp lists
//! them. A full roster spares the usual leave a query, and is the evidence that a
//! lost outcome is told by (`docs/truth.md`).

use domain::broken;
use domain::clock::Budget;
use domain::tenant::InstanceId;
use store::rows::group::{self, Row};
use store::session::Leased;
use store::table::MOST_ACTIONS;
use whatsapp::{Listed, Participating};

use crate::{Operator, OperatorError, patience};

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
        rows.into_iter().map(|row| Ok(listed(&row?))).collect()
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
        let generation = leased.generation();
        let mut roster = self.table.roster(instance, budget).await?;
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
            if leased.standing(jid).is_some() {
                synced.unresolved += 1;
            } else if !known.is_some_and(|row| row.is(instance, group, subject, generation)) {
                synced.written += 1;
                actions.push(group::put(instance, group, subject, generation));
            }
        }
        for row in roster.rest() {
            let stands = row.jid().is_some_and(|jid| leased.standing(&jid).is_some());
            if stands && !broken!(SyncSparesOpenLeaves) {
                synced.unresolved += 1;
            } else if listed.unreadable == 0 {
                synced.removed += 1;
                actions.push(row.delete()?);
            }
        }
        // Each transaction has the fence, so a run that lost its lease writes nothing more.
        while !actions.is_empty() {
            let most = actions.len().min(MOST_ACTIONS - 1);
            let mut chunk = broken!(SyncIsFenced => Vec::new(); vec![leased.fence()]);
            chunk.extend(actions.drain(..most));
            if self.table.write_once(chunk, budget).await?.is_err() {
                return Err(OperatorError::LeaseExpired(instance.clone()));
            }
        }
        Ok(synced)
    }
}

fn listed(row: &Row) -> Listed {
    Listed { group: row.group().clone(), subject: row.subject().map(str::to_owned) }
}
