//! Instances: made without a device, listed, shown, deleted.

mod delete;
mod scan;
mod tidy;
mod unblock;

use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::gone::Gone;
use domain::tenant::{AccountId, InstanceId};
use store::gate::Scope;
use store::session::{
    DELETING, Generation, LINKED, LOGGED_OUT, NEVER_LINKED, NewSession, session_item,
};
use store::table::{Attributes, Corrupt, Item, StoreError, index, keys, text};

use crate::device::FIRST_LOGIN;
use crate::tokens::TokenSummary;
use crate::writes::{Condition, generation, owner};
use crate::{Operator, OperatorError, patience};

pub use delete::Deleted;
pub use unblock::Unblocked;

/// Whether an instance's device can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has a linked device.
    Linked,
    /// WhatsApp has unlinked its device.
    LoggedOut,
    /// It never had one.
    NeverLinked,
    /// Someone has begun to delete it, or to give it another name.
    Deleting,
}

impl State {
    /// Its name, as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linked => LINKED,
            Self::LoggedOut => LOGGED_OUT,
            Self::NeverLinked => NEVER_LINKED,
            Self::Deleting => DELETING,
        }
    }

    fn read(item: Item<'_>) -> Result<Self, Corrupt> {
        match item.text("session_state")? {
            LINKED => Ok(Self::Linked),
            LOGGED_OUT => Ok(Self::LoggedOut),
            NEVER_LINKED => Ok(Self::NeverLinked),
            DELETING => Ok(Self::Deleting),
            _ => Err(Corrupt("session_state")),
        }
    }
}

/// An instance as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSummary {
    /// Account and name.
    pub id: InstanceId,
    /// Whether its device can log in.
    pub state: State,
    /// Its device's JID.
    pub device: Option<String>,
    /// When it was made.
    pub created: Option<UnixMillis>,
    /// When its device was linked.
    pub linked: Option<UnixMillis>,
    /// When it was checked last.
    pub checked: Option<UnixMillis>,
    /// What that check found.
    pub check_result: Option<String>,
    /// Why its device cannot log in, when it is logged out.
    pub gone: Option<Gone>,
}

/// Everything about an instance that is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceDetails {
    /// What a list shows.
    pub summary: InstanceSummary,
    /// Its device's LID.
    pub lid: Option<String>,
    /// The id of the data key that its credentials are sealed with.
    pub key_id: Option<String>,
    /// When it was last seen online.
    pub seen: Option<UnixMillis>,
    /// When its next check is due.
    pub due: Option<UnixMillis>,
    /// Until when WhatsApp does not listen to it, and why, when that is to come.
    pub blocked: Option<(BlockReason, UnixMillis)>,
    /// Whether its device's first login has not come to its end.
    pub is_unfinished: bool,
    /// Until when a run holds it, when that is to come.
    pub leased_until: Option<UnixMillis>,
    /// Groups in its roster.
    pub groups: usize,
    /// Leaves in its history.
    pub left: usize,
    /// Leaves whose outcome is not known.
    pub unresolved: usize,
    /// Its own tokens.
    pub tokens: Vec<TokenSummary>,
}

impl Operator {
    /// Makes an instance without a device.
    ///
    /// # Errors
    /// [`OperatorError::NoAccount`], [`OperatorError::InstanceExists`], or the table's.
    pub async fn create_instance(&self, id: &InstanceId) -> Result<(), OperatorError> {
        let made = Generation::new()?;
        let item = session_item(id, &NewSession::NeverLinked, &made, self.now().await?);
        let actions = vec![
            self.check(keys::account(&id.account), &Condition::is_open_account())?,
            self.put(item, Some(&Condition::is_new()))?,
        ];
        match self.write(actions).await {
            Ok(Ok(())) => Ok(()),
            // By its generation it is told apart from one that was there.
            Err(error) if error.leaves_open() => {
                match self.table.get(&keys::session(id), patience()).await {
                    Ok(Some(there)) if generation(&there) == made => Ok(()),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
            Ok(Err(refused)) => Err(match (refused.action, refused.item) {
                (0, None) => OperatorError::NoAccount(id.account.clone()),
                (0, Some(_)) => OperatorError::AccountClosing(id.account.clone()),
                (_, Some(item)) if is_deleting(&item) => OperatorError::Deleting(id.clone()),
                (_, _) => OperatorError::InstanceExists(id.clone()),
            }),
        }
    }

    /// The instances of an account by name, or those of every account.
    ///
    /// # Errors
    /// The table's.
    pub async fn instances(
        &self,
        account: Option<&AccountId>,
    ) -> Result<Vec<InstanceSummary>, OperatorError> {
        let items = match account {
            Some(account) => self.of_account(account, keys::INSTANCE_PREFIX).await?,
            None => self.all_sessions(None).await?,
        };
        let mut instances: Vec<_> = items.iter().map(summary).collect::<Result<_, _>>()?;
        instances.sort_by_key(|found| found.id.to_string());
        Ok(instances)
    }

    /// One instance, with what belongs to it.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn instance(&self, id: &InstanceId) -> Result<InstanceDetails, OperatorError> {
        let item = self.session(id).await?;
        let groups = self.list_of(id, &item, keys::GROUP_PREFIX).await?.len();
        let left = self.list_of(id, &item, keys::LEFT_PREFIX).await?.len();
        let tokens = self.tokens(&id.account).await?;
        let now = self.now().await?;
        let read = Item(&item);
        let at = |name: &str| read.optional_number(name).map(UnixMillis);
        let to_come = |name: &str| at(name).filter(|until| *until > now);
        let reason = BlockReason::from_name(read.optional_text("blocked_by").unwrap_or_default());
        Ok(InstanceDetails {
            summary: summary(&item)?,
            lid: read.optional_text("device_lid").map(str::to_owned),
            key_id: read.optional_text("key_id").map(str::to_owned),
            seen: at("seen_at"),
            due: at("due_at"),
            blocked: to_come("blocked_until").map(|until| (reason, until)),
            is_unfinished: item.contains_key(FIRST_LOGIN),
            leased_until: to_come("lease_until"),
            groups,
            left,
            unresolved: read.map("intents")?.len(),
            tokens: tokens
                .into_iter()
                .filter(|token| token.scope == Scope::Instance(id.name.clone()))
                .collect(),
        })
    }

    /// A session's item, read consistently.
    pub(crate) async fn session(&self, id: &InstanceId) -> Result<Attributes, OperatorError> {
        let item = self.table.get(&keys::session(id), patience()).await?;
        item.ok_or_else(|| OperatorError::NoInstance(id.clone()))
    }

    /// What belongs to a session, one kind of item: that of an earlier one under the name
    /// is passed over.
    pub(crate) async fn list_of(
        &self,
        id: &InstanceId,
        session: &Attributes,
        prefix: &str,
    ) -> Result<Vec<Attributes>, OperatorError> {
        let mut items = self.table.list(&keys::instance_partition(id), prefix, patience()).await?;
        items.retain(|item| generation(item) == generation(session));
        Ok(items)
    }

    /// What the index has of an account, one kind of item. The index follows the
    /// table by a moment.
    pub(crate) async fn of_account(
        &self,
        account: &AccountId,
        prefix: &str,
    ) -> Result<Vec<Attributes>, OperatorError> {
        let mut pages = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .index_name(index::BY_ACCOUNT)
            .key_condition_expression("#account = :account AND begins_with(pk, :prefix)")
            .expression_attribute_names("#account", "account")
            .expression_attribute_values(":account", text(account.as_str()))
            .expression_attribute_values(":prefix", text(prefix))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| StoreError::of(&error))?);
        }
        Ok(items)
    }
}

/// Whether someone has begun to delete it.
pub(crate) fn is_deleting(session: &Attributes) -> bool {
    Item(session).optional_text("session_state") == Some(DELETING)
}

fn summary(item: &Attributes) -> Result<InstanceSummary, OperatorError> {
    let read = Item(item);
    let at = |name: &str| read.optional_number(name).map(UnixMillis);
    Ok(InstanceSummary {
        id: owner(item)?,
        state: State::read(read)?,
        device: read.optional_text("device_jid").map(str::to_owned),
        created: at("created_at"),
        linked: at("linked_at"),
        checked: at("checked_at"),
        check_result: read.optional_text("check_result").map(str::to_owned),
        gone: (State::read(read)? == State::LoggedOut)
            .then(|| Gone::from_name(read.optional_text("logged_out_by"))),
    })
}
