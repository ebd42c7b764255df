//! The end of a run: lease, intents, roster and history in one fenced
//! transaction. Success and failure alike end here.

use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update as TransactUpdate,
};
use std::collections::{BTreeSet, HashMap};

use super::due::DUE;
use super::item::{BlockReason, LOGGED_OUT, group_row, left_row};
use super::kept::{self, KeptAnswer};
use super::{Leased, Owner, Standing};
use crate::clock::{Budget, UnixMillis};
use crate::group::{Group, GroupJid};
use crate::identifier::Identifier;
use crate::order::IdempotencyKey;
use crate::table::{Attributes, Cancelled, Item, StoreError, Update, Updated, keys, number, text};
use crate::whatsapp::Gone;

/// Actions of one transaction. DynamoDB takes 100.
const MOST_ACTIONS: usize = 100;

/// What became of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEnd {
    /// We are out by our own act: the row goes, the history gets one.
    Left {
        /// The group.
        group: Group,
        /// Groups of the same community that went with it.
        linked: Vec<GroupJid>,
        /// Whether WhatsApp confirmed it to this run.
        confirmed: bool,
    },
    /// We are not in it: the row and every intent go.
    NotMember(GroupJid),
    /// We are in it for certain, as this kind: the row is written, every intent goes.
    StillMember(Group),
    /// Nothing was sent: our own intent is taken back, an earlier one stays.
    NotSent(GroupJid),
    /// The outcome is not known: everything stays for the next run.
    Open,
}

/// What became of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionEnd {
    /// As before: the device was not asked, or did not get through.
    #[default]
    Unchanged,
    /// It logged in.
    Online,
    /// No login of the device can succeed again.
    LoggedOut(Gone),
    /// WhatsApp does not listen before `until`.
    Blocked {
        /// Why.
        reason: BlockReason,
        /// When it listens again.
        until: UnixMillis,
    },
}

/// An answer to keep, with the request that it answers.
#[derive(Debug, Clone)]
pub struct Keep<'a> {
    /// The request's key.
    pub key: &'a IdempotencyKey,
    /// The request's identifier.
    pub identifier: &'a Identifier,
    /// The answer.
    pub answer: KeptAnswer,
}

/// Everything that a run leaves behind.
#[derive(Debug, Default)]
pub struct Settlement<'a> {
    /// The groups.
    pub groups: Vec<GroupEnd>,
    /// The session.
    pub session: SessionEnd,
    /// The answer to keep.
    pub keep: Option<Keep<'a>>,
    /// The request, for the history.
    pub request_id: &'a str,
    /// What a check found.
    pub check: Option<CheckNote>,
    /// Our LID, as WhatsApp told it at login; kept when none is.
    pub lid: Option<String>,
}

/// What a check found, and when the next one is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckNote {
    /// The result's name.
    pub result: &'static str,
    /// The next check.
    pub next: UnixMillis,
}

/// Proof that a settlement was written. A recovered 200 needs it.
#[derive(Debug)]
pub struct Settled(());

/// Why a settlement was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// The lease expired and another run took it: the session is theirs now.
    #[error("the lease was taken over")]
    Fenced,
    /// It could not be written, or nobody knows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Leased {
    /// Writes the settlement and releases the lease.
    ///
    /// # Errors
    /// [`SettleError`]. The lease then ends by itself, and what was not settled
    /// is learned by the next run.
    pub async fn settle(
        self,
        settlement: Settlement<'_>,
        budget: Budget,
    ) -> Result<Settled, SettleError> {
        let now = self.clock.now();
        let writes = self.writes(&settlement, now)?;
        if writes.linked.is_empty() && writes.own.is_empty() {
            let (release, _) = self.release(&settlement, now);
            return match self.table.update(&keys::session(&self.instance), release, budget).await? {
                Updated::Applied(_) => Ok(Settled(())),
                Updated::Refused(item) => self.already_released(item.as_ref()),
            };
        }
        self.settle_in_transactions(&settlement, writes, now, budget).await
    }

    /// A community with many groups takes several transactions. The last one has
    /// every target's own row and the release, so that a crash in between leaves
    /// an intent and a row, and the next run ends the work.
    async fn settle_in_transactions(
        &self,
        settlement: &Settlement<'_>,
        mut writes: Writes,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Settled, SettleError> {
        while writes.linked.len() + writes.own.len() + 1 > MOST_ACTIONS && !writes.linked.is_empty()
        {
            let most = writes.linked.len().min(MOST_ACTIONS - 1);
            let mut chunk = vec![self.fence()?];
            chunk.extend(writes.linked.drain(..most));
            let token = Owner::new()?;
            self.transact(&token.0, chunk, budget).await?;
        }
        let (_, release) = self.release(settlement, now);
        let release = release.map_err(|_| not_built())?;
        let mut actions = vec![TransactWriteItem::builder().update(release).build()];
        actions.append(&mut writes.linked);
        actions.append(&mut writes.own);
        self.transact(&self.owner.0, actions, budget).await
    }

    /// A transaction whose first action is on condition that the lease is ours.
    async fn transact(
        &self,
        token: &str,
        actions: Vec<TransactWriteItem>,
        budget: Budget,
    ) -> Result<Settled, SettleError> {
        match self.table.transact(token, actions, budget).await? {
            Ok(()) => Ok(Settled(())),
            Err(Cancelled::Condition { action: 0, item }) => self.already_released(item.as_deref()),
            Err(cancelled) => Err(StoreError::Unavailable(format!("{cancelled:?}")).into()),
        }
    }

    /// A repeated release finds the lease gone and our name on it.
    fn already_released(&self, item: Option<&Attributes>) -> Result<Settled, SettleError> {
        let last = item.and_then(|item| Item(item).optional_text("last_owner"));
        if last == Some(self.owner.0.as_str()) { Ok(Settled(())) } else { Err(SettleError::Fenced) }
    }

    /// The update that releases the lease, in both of its forms.
    fn release(
        &self,
        settlement: &Settlement<'_>,
        now: UnixMillis,
    ) -> (Update, Result<TransactUpdate, aws_sdk_dynamodb::error::BuildError>) {
        let mut set = vec!["last_owner = :me"];
        let mut removed = vec!["lease_owner".to_owned(), "lease_until".to_owned()];
        let mut names = HashMap::new();
        let mut values = HashMap::from([(":me".to_owned(), text(self.owner.0.as_str()))]);
        match settlement.session {
            SessionEnd::Unchanged => {}
            SessionEnd::Online => {
                set.push("seen_at = :now");
                values.insert(":now".to_owned(), number(now.0));
            }
            SessionEnd::LoggedOut(gone) => {
                set.push("session_state = :logged_out, logged_out_by = :logged_out_by");
                values.insert(":logged_out".to_owned(), text(LOGGED_OUT));
                values.insert(":logged_out_by".to_owned(), text(gone.name()));
                // It is in no index of sessions to check until it is linked again.
                removed.extend(["due".to_owned(), "due_at".to_owned()]);
            }
            SessionEnd::Blocked { reason, until } => {
                set.push("blocked_until = :blocked_until, blocked_by = :blocked_by");
                values.insert(":blocked_until".to_owned(), number(until.0));
                values.insert(":blocked_by".to_owned(), text(reason.name()));
            }
        }
        if let Some(lid) = &settlement.lid {
            set.push("device_lid = if_not_exists(device_lid, :lid)");
            values.insert(":lid".to_owned(), text(lid.as_str()));
        }
        if let Some(CheckNote { result, next }) = settlement.check {
            set.push("checked_at = :checked_at, check_result = :check_result");
            values.insert(":checked_at".to_owned(), number(now.0));
            values.insert(":check_result".to_owned(), text(result));
            if !matches!(settlement.session, SessionEnd::LoggedOut(_)) {
                set.push("due = :due, due_at = :due_at");
                values.insert(":due".to_owned(), text(DUE));
                values.insert(":due_at".to_owned(), number(next.0));
            }
        }
        for (index, jid) in self.spent_intents(settlement, now).into_iter().enumerate() {
            removed.push(format!("intents.#jid{index}"));
            names.insert(format!("#jid{index}"), jid);
        }
        let expression = format!("SET {} REMOVE {}", set.join(", "), removed.join(", "));
        let condition = "lease_owner = :me".to_owned();
        let in_transaction = TransactUpdate::builder()
            .table_name(self.table.name())
            .set_key(Some(self.key()))
            .update_expression(&expression)
            .condition_expression(&condition)
            .set_expression_attribute_names((!names.is_empty()).then(|| names.clone()))
            .set_expression_attribute_values(Some(values.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        (Update { expression, condition, names, values }, in_transaction)
    }

    /// The intents that this settlement ends, and those older than 24 hours.
    fn spent_intents(&self, settlement: &Settlement<'_>, now: UnixMillis) -> BTreeSet<String> {
        let standing = self.intents().clone();
        let mut spent: BTreeSet<String> = standing
            .iter()
            .filter(|(_, intent)| intent.at.plus(super::INTENT_LIFE) <= now)
            .map(|(jid, _)| jid.clone())
            .collect();
        for end in &settlement.groups {
            match end {
                GroupEnd::Left { group, linked, .. } => {
                    spent.insert(group.jid.to_string());
                    spent.extend(linked.iter().map(ToString::to_string));
                }
                GroupEnd::NotMember(jid) | GroupEnd::StillMember(Group { jid, .. }) => {
                    spent.insert(jid.to_string());
                }
                GroupEnd::NotSent(jid) => {
                    if self.standing(jid) == Some(Standing::Ours) {
                        spent.insert(jid.to_string());
                    }
                }
                GroupEnd::Open => {}
            }
        }
        spent.retain(|jid| standing.contains_key(jid));
        spent
    }

    /// Every other item that this settlement writes.
    fn writes(&self, settlement: &Settlement<'_>, now: UnixMillis) -> Result<Writes, StoreError> {
        let (mut linked_rows, mut own_rows) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for end in &settlement.groups {
            match end {
                GroupEnd::Left { group, linked, confirmed } => {
                    for jid in linked.iter().filter(|jid| seen.insert((*jid).clone())) {
                        linked_rows.push(self.delete_row(jid)?);
                    }
                    if seen.insert(group.jid.clone()) {
                        own_rows.push(self.delete_row(&group.jid)?);
                        let row =
                            left_row(&self.instance, group, now, settlement.request_id, *confirmed);
                        own_rows.push(self.put(row)?);
                    }
                }
                GroupEnd::NotMember(jid) => {
                    if seen.insert(jid.clone()) {
                        own_rows.push(self.delete_row(jid)?);
                    }
                }
                GroupEnd::StillMember(group) => {
                    if seen.insert(group.jid.clone()) {
                        own_rows.push(self.put(group_row(&self.instance, group))?);
                    }
                }
                GroupEnd::NotSent(_) | GroupEnd::Open => {}
            }
        }
        if let Some(keep) = &settlement.keep {
            let item = kept::item(&self.instance, keep.key, keep.identifier, &keep.answer, now);
            own_rows.push(self.put(item)?);
        }
        Ok(Writes { linked: linked_rows, own: own_rows })
    }

    fn put(&self, item: Attributes) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(self.table.name()).set_item(Some(item)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|_| not_built())?).build())
    }

    fn delete_row(&self, jid: &GroupJid) -> Result<TransactWriteItem, StoreError> {
        let key = keys::group(&self.instance, jid);
        let delete = Delete::builder()
            .table_name(self.table.name())
            .key("pk", text(key.pk))
            .key("sk", text(key.sk))
            .build();
        Ok(TransactWriteItem::builder().delete(delete.map_err(|_| not_built())?).build())
    }

    /// An action that changes nothing and fails when the lease is not ours: what
    /// it stands before in a transaction is written under the lease or not at all.
    ///
    /// # Errors
    /// [`StoreError`] when the action cannot be built.
    pub fn fence(&self) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some(self.key()))
            .condition_expression("lease_owner = :me")
            .expression_attribute_values(":me", text(self.owner.0.as_str()))
            .build();
        Ok(TransactWriteItem::builder().condition_check(check.map_err(|_| not_built())?).build())
    }
}

/// What a settlement writes beside the session.
struct Writes {
    /// Rows of groups that went with a community.
    linked: Vec<TransactWriteItem>,
    /// The targets' own rows, the history, the kept answer. At most 40 targets
    /// share a run, so these fit one transaction.
    own: Vec<TransactWriteItem>,
}

fn not_built() -> StoreError {
    StoreError::Refused("the call could not be built".to_owned())
}
