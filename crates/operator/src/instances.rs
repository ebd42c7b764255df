//! Instances: made without a device, listed, shown, deleted.

mod delete;
mod tidy;
mod unblock;

use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::gone::Gone;
use domain::tenant::{AccountId, InstanceId};
use domain::token::Scope;
use store::rows::account;
use store::rows::session::{self, NewSession, Session};
use store::session::Generation;

use crate::tokens::TokenSummary;
use crate::{Operator, OperatorError, PATIENCE, patience};

pub use delete::Deleted;
pub use store::rows::session::State;
pub use unblock::Unblocked;

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
    pub async fn create_instance(&self, id: &InstanceId) -> Result<InstanceSummary, OperatorError> {
        let made = Generation::new()?;
        let now = self.now().await?;
        let summary = InstanceSummary {
            id: id.clone(),
            state: State::NeverLinked,
            device: None,
            created: Some(now),
            linked: None,
            checked: None,
            check_result: None,
            gone: None,
        };
        let actions = vec![
            account::is_open(&id.account),
            session::put_new(id, &NewSession::NeverLinked, &made, now),
        ];
        match self.table.write(actions, PATIENCE).await {
            Ok(Ok(())) => Ok(summary),
            // By its generation it is told apart from one that was there.
            Err(error) if error.leaves_open() => match self.table.session(id, patience()).await {
                Ok(Some(there)) if there.generation() == made => Ok(summary),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
            Ok(Err(refused)) => Err(match (refused.action, refused.found) {
                (0, None) => OperatorError::NoAccount(id.account.clone()),
                (0, Some(_)) => OperatorError::AccountClosing(id.account.clone()),
                (_, Some(there)) if there.is_deleting() => OperatorError::Deleting(id.clone()),
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
        let sessions = match account {
            Some(account) => self.table.listed_sessions(account).await?,
            None => self.table.all_sessions(None).await?,
        };
        let mut instances: Vec<_> = sessions.iter().map(summary).collect::<Result<_, _>>()?;
        // The index does not carry why: changing what it carries would build it anew.
        for found in instances.iter_mut().filter(|it| account.is_some() && it.gone.is_some()) {
            if let Some(session) = self.table.session(&found.id, patience()).await? {
                found.gone = session.gone()?;
            }
        }
        instances.sort_by_key(|found| found.id.to_string());
        Ok(instances)
    }

    /// One instance, with what belongs to it.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], or the table's.
    pub async fn instance(&self, id: &InstanceId) -> Result<InstanceDetails, OperatorError> {
        let session = self.session(id).await?;
        let generation = session.generation();
        let groups = self.table.groups_of(id, &generation, patience()).await?.len();
        let left = self.table.left_by(id, &generation, patience()).await?.len();
        let tokens = self.tokens(&id.account).await?;
        let now = self.now().await?;
        Ok(InstanceDetails {
            summary: summary(&session)?,
            lid: session.lid().map(str::to_owned),
            key_id: session.key_id().map(str::to_owned),
            seen: session.seen(),
            due: session.due(),
            blocked: session.block(now),
            is_unfinished: session.is_unfinished(),
            leased_until: session.leased_until(now),
            groups,
            left,
            unresolved: session.intents()?,
            tokens: tokens
                .into_iter()
                .filter(|token| token.scope == Scope::Instance(id.name.clone()))
                .collect(),
        })
    }

    /// The device of an instance that is linked; none as well where there is no such
    /// instance.
    ///
    /// # Errors
    /// The table's.
    pub async fn linked_device(&self, id: &InstanceId) -> Result<Option<String>, OperatorError> {
        let session = self.table.session(id, patience()).await?;
        let found = session.as_ref().map(summary).transpose()?;
        Ok(found.filter(|found| found.state == State::Linked).and_then(|found| found.device))
    }

    /// A session, read consistently.
    pub(crate) async fn session(&self, id: &InstanceId) -> Result<Session, OperatorError> {
        let session = self.table.session(id, patience()).await?;
        session.ok_or_else(|| OperatorError::NoInstance(id.clone()))
    }
}

fn summary(session: &Session) -> Result<InstanceSummary, OperatorError> {
    let id = session.id()?;
    let corrupt = |why| OperatorError::CorruptInstance { instance: id.clone(), why };
    Ok(InstanceSummary {
        state: session.state().map_err(corrupt)?,
        device: session.device_text().map(str::to_owned),
        created: session.created(),
        linked: session.linked(),
        checked: session.checked(),
        check_result: session.check_result().map(str::to_owned),
        gone: session.gone().map_err(corrupt)?,
        id,
    })
}
