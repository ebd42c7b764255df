//! Deleting an instance, and everything that belongs to it.
//!
//! The lease is taken once, to write that it is being deleted. From then on every caller
//! hears that it does not exist, nobody takes its lease but who links under its name, and
//! no token is issued for it: what belongs to it gets no more. All that follows is
//! tidying. It can be cut short anywhere and done again, and it deletes nothing of an
//! instance that is made under the name meanwhile.

use domain::tenant::{InstanceId, InstanceName};
use store::rows::device;
use store::rows::session::{self, Session};
use store::session::Held;

use crate::{Operator, OperatorError, PATIENCE, patience};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

/// What went with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// Rows of groups, of the history, and kept answers.
    pub rows: usize,
    /// Its own tokens.
    pub tokens: usize,
}

impl Operator {
    /// Deletes an instance with its groups, history, kept answers, tokens and its
    /// claim on a device. A run that holds it is waited for, for a while. The device
    /// stays linked at WhatsApp.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::Busy`],
    /// [`OperatorError::Changed`], or the table's. What was begun is ended by deleting
    /// once more.
    pub async fn delete_instance(&self, id: &InstanceId) -> Result<Deleted, OperatorError> {
        let session = self.begin_deletion(id).await?;
        if let Some(name) = session.moving_to()? {
            self.give_up_name(id, name).await?;
        }
        self.end_deletion(id, &session).await
    }

    /// Deletes what belongs to the session that was ended, and then itself.
    async fn end_deletion(
        &self,
        id: &InstanceId,
        ended: &Session,
    ) -> Result<Deleted, OperatorError> {
        let tokens = self.tidy_tokens(id, ended).await?;
        let rows = self.tidy_rows(id, ended).await?;
        self.table.delete_ended(id, &ended.generation()).await?;
        Ok(Deleted { rows, tokens })
    }

    /// Takes back the claim on a name that `id` was to be renamed to: its tokens come
    /// back, and what was copied goes.
    async fn give_up_name(&self, id: &InstanceId, name: InstanceName) -> Result<(), OperatorError> {
        let claimed = InstanceId { account: id.account.clone(), name };
        let claim = self.table.session(&claimed, patience()).await?;
        let claim = claim.filter(|claim| claim.moving_from() == Some(id.name.as_str()));
        if let Some(claim) = claim {
            self.end_deletion(&claimed, &claim).await?;
        }
        Ok(())
    }

    /// Writes that it is being deleted, unless that is written. Returns the session as
    /// it was when it was.
    async fn begin_deletion(&self, id: &InstanceId) -> Result<Session, OperatorError> {
        for _ in 0..ATTEMPTS {
            let session = self.session(id).await?;
            if session.is_deleting() {
                return Ok(session);
            }
            let held = self.hold(id, None).await?;
            if held.session().is_deleting() {
                let session = held.session().clone();
                self.let_go(held).await;
                return Ok(session);
            }
            let ended = self.end_session(&held).await;
            if ended == Ok(true) {
                return Ok(held.session().clone());
            }
            self.let_go(held).await;
            ended?;
        }
        Err(OperatorError::Changed(id.clone()))
    }

    async fn end_session(&self, held: &Held) -> Result<bool, OperatorError> {
        let id = held.instance();
        let mut actions = vec![session::end(held, None)];
        if let Some(device) = held.session().device() {
            actions.push(device::release(&device, id));
        }
        match self.table.write(actions, PATIENCE).await? {
            Ok(()) => Ok(true),
            // Someone else claims its device: that stays theirs.
            Err(refused) if refused.action == 1 => {
                Ok(self.table.write(vec![session::end(held, None)], PATIENCE).await?.is_ok())
            }
            Err(_) => Ok(false),
        }
    }
}
