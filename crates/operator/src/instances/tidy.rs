//! Deleting what belongs to a session that has ended: its rows and its tokens.
//!
//! Both are listed first, and then the session is looked at once more. While it is still
//! the one that is being deleted, whatever was listed is of it or of an earlier one. Once
//! something was linked under the name, only what bears the ended session's generation is
//! deleted. Either way each row goes on condition of the generation that was read on it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::tenant::InstanceId;
use futures_util::{StreamExt, TryStreamExt, stream};
use store::table::{Attributes, Item, keys, text};

use super::is_deleting;
use crate::rename::moving_from;
use crate::writes::{self, Condition, generation, is_of};
use crate::{Operator, OperatorError, patience};

/// Rows that are deleted at the same time.
const AT_ONCE: usize = 16;

impl Operator {
    /// Deletes the rows, the history and the kept answers of the session that was
    /// `ended`. Returns how many.
    pub(crate) async fn tidy_rows(
        &self,
        id: &InstanceId,
        ended: &Attributes,
    ) -> Result<usize, OperatorError> {
        let rows = self.rows(id).await?;
        let still = self.is_still(id, ended).await?;
        let mut its = Vec::new();
        for row in &rows {
            if still || generation(row) == generation(ended) {
                its.push((writes::key(row)?, is_of(&generation(row))));
            }
        }
        let deletions =
            stream::iter(its).map(async |(key, condition)| self.delete_if(&key, &condition).await);
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
        ended: &Attributes,
    ) -> Result<usize, OperatorError> {
        let tokens = self.own_tokens(id).await?;
        if !self.is_still(id, ended).await? {
            return Ok(0);
        }
        let keys = tokens.iter().map(writes::key).collect::<Result<Vec<_>, _>>()?;
        // One that is to be renamed here has given its tokens already.
        match Item(ended).optional_text("moved_to").or(moving_from(ended)) {
            Some(owner) => {
                self.give_tokens(keys, id, owner, None).await?;
            }
            None => self.delete_all(keys).await?,
        }
        Ok(tokens.len())
    }

    /// Makes tokens of `id` those of another name, each together with a check that
    /// stops it. Returns whether it came to its end.
    pub(crate) async fn give_tokens(
        &self,
        tokens: Vec<keys::Key>,
        id: &InstanceId,
        new: &str,
        check: Option<&TransactWriteItem>,
    ) -> Result<bool, OperatorError> {
        for token in tokens {
            let is_its = Condition::new("#instance = :old")
                .name("#instance", "instance")
                .value(":old", text(id.name.as_str()))
                .value(":new", text(new));
            let change = self.change(token, "SET #instance = :new", &is_its)?;
            let actions = std::iter::once(change).chain(check.cloned());
            match self.write(actions.collect()).await? {
                Err(refused) if refused.action == 1 => return Ok(false),
                // Refused: it was revoked, or has the name already.
                Ok(()) | Err(_) => {}
            }
        }
        Ok(true)
    }

    /// The tokens that act for `id` alone, read from the table itself.
    pub(crate) async fn own_tokens(
        &self,
        id: &InstanceId,
    ) -> Result<Vec<Attributes>, OperatorError> {
        let mut tokens = self.scan_of(&id.account, "TOKEN").await?;
        tokens.retain(|token| {
            Item(token).optional_text("kind") == Some("instance")
                && Item(token).optional_text("instance") == Some(id.name.as_str())
        });
        Ok(tokens)
    }

    /// Everything of an instance but its session.
    pub(crate) async fn rows(&self, id: &InstanceId) -> Result<Vec<Attributes>, OperatorError> {
        let mut rows = self.table.partition(&keys::instance_partition(id), patience()).await?;
        rows.retain(|row| {
            row.get("sk").and_then(|sk| sk.as_s().ok()).is_none_or(|sk| sk != "SESSION")
        });
        Ok(rows)
    }

    async fn is_still(&self, id: &InstanceId, ended: &Attributes) -> Result<bool, OperatorError> {
        let session = self.table.get(&keys::session(id), patience()).await?;
        Ok(session.is_some_and(|now| is_deleting(&now) && generation(&now) == generation(ended)))
    }
}
