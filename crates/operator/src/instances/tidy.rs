//! Deleting what belongs to a session that has ended: its rows and its tokens.
//!
//! Both are listed first, and then the session is looked at once more. While it is still
//! the one that is being deleted, whatever was listed is of it or of an earlier one. Once
//! something was linked under the name, only what bears the ended session's generation is
//! deleted. Either way each row goes on condition of the generation that was read on it.

use domain::broken;
use domain::tenant::InstanceId;
use futures_util::{StreamExt, TryStreamExt, stream};
use store::rows::session::Session;
use store::rows::token::StoredToken;
use store::table::Action;

use crate::{Operator, OperatorError, PATIENCE, patience};

/// Rows that are deleted at the same time.
const AT_ONCE: usize = 16;

impl Operator {
    /// Deletes the rows, the history and the kept answers of the session that was
    /// `ended`. Returns how many.
    pub(crate) async fn tidy_rows(
        &self,
        id: &InstanceId,
        ended: &Session,
    ) -> Result<usize, OperatorError> {
        let mut its = self.table.owned_by(id, patience()).await?;
        if !self.is_still(id, ended).await? && !broken!(TidyingSparesTheNew) {
            its.retain(|row| row.generation() == ended.generation());
        }
        let deletions = stream::iter(its).map(async |row| self.table.delete_owned(&row).await);
        let deleted: Vec<bool> = deletions.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(deleted.into_iter().filter(|deleted| *deleted).count())
    }

    /// Deletes the tokens of the session that was `ended`; those of one that has
    /// another name now go there. Returns how many.
    ///
    /// None is issued while a session is being deleted, and a link under the name comes
    /// here before it stores anything. So a token that is not its own cannot be listed,
    /// unless something was linked: then nothing of the ended one is left.
    pub(crate) async fn tidy_tokens(
        &self,
        id: &InstanceId,
        ended: &Session,
    ) -> Result<usize, OperatorError> {
        let tokens = self.table.own_tokens_of(id).await?;
        if !self.is_still(id, ended).await? {
            return Ok(0);
        }
        // One that is to be renamed here has given its tokens already.
        match ended.moved_to().or(ended.moving_from()) {
            Some(owner) => {
                self.give_tokens(&tokens, id, owner, None).await?;
            }
            None => self.delete_all(&tokens).await?,
        }
        Ok(tokens.len())
    }

    /// Makes tokens of `id` those of another name, each together with a check that
    /// stops it. Returns whether it came to its end.
    pub(crate) async fn give_tokens(
        &self,
        tokens: &[StoredToken],
        id: &InstanceId,
        new: &str,
        check: Option<&Action>,
    ) -> Result<bool, OperatorError> {
        for token in tokens {
            let actions = std::iter::once(token.give(&id.name, new)?).chain(check.cloned());
            match self.table.write(actions.collect(), PATIENCE).await? {
                Err(refused) if refused.action == 1 => return Ok(false),
                // Refused: it was revoked, or has the name already.
                Ok(()) | Err(_) => {}
            }
        }
        Ok(true)
    }

    async fn is_still(&self, id: &InstanceId, ended: &Session) -> Result<bool, OperatorError> {
        let session = self.table.session(id, patience()).await?;
        Ok(session.is_some_and(|now| now.is_deleting() && now.generation() == ended.generation()))
    }
}
