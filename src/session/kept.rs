//! Answers kept for an `Idempotency-Key`: the first settled answer, for 24 hours.

use std::collections::HashMap;

use ring::digest;

use super::Sessions;
use crate::clock::{Budget, UnixMillis};
use crate::identifier::Identifier;
use crate::order::IdempotencyKey;
use crate::table::{Attributes, Item, StoreError, keys, number, text};
use crate::tenant::InstanceId;

/// How long an answer is kept: 24 hours, in seconds.
const LIFE_SECONDS: u64 = 24 * 60 * 60;

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, byte for byte.
    pub body: String,
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The answer to this very request.
    Answer(KeptAnswer),
    /// The key was used for another identifier.
    OtherRequest,
}

impl Sessions {
    /// What is kept for `key` and `identifier`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept(
        &self,
        instance: &InstanceId,
        key: &IdempotencyKey,
        identifier: &Identifier,
        budget: Budget,
    ) -> Result<Option<Kept>, StoreError> {
        let item = self.table.get(&keys::kept_answer(instance, &hash(key)), budget).await?;
        let Some(item) = item else { return Ok(None) };
        let item = Item(&item);
        // TTL deletes late, so an answer past its end may still be there.
        if item.number("expires_at")? <= self.clock.now().seconds() {
            return Ok(None);
        }
        if item.text("identifier")? != identifier.to_string() {
            return Ok(Some(Kept::OtherRequest));
        }
        let status = u16::try_from(item.number("status_code")?).unwrap_or(500);
        Ok(Some(Kept::Answer(KeptAnswer { status, body: item.text("body")?.to_owned() })))
    }
}

/// The item that keeps `answer`.
pub(super) fn item(
    instance: &InstanceId,
    key: &IdempotencyKey,
    identifier: &Identifier,
    answer: &KeptAnswer,
    now: UnixMillis,
) -> Attributes {
    let place = keys::kept_answer(instance, &hash(key));
    HashMap::from([
        ("pk".to_owned(), text(place.pk)),
        ("sk".to_owned(), text(place.sk)),
        ("identifier".to_owned(), text(identifier.to_string())),
        ("status_code".to_owned(), number(answer.status.into())),
        ("body".to_owned(), text(answer.body.clone())),
        ("expires_at".to_owned(), number(now.seconds() + LIFE_SECONDS)),
    ])
}

fn hash(key: &IdempotencyKey) -> String {
    hex::encode(digest::digest(&digest::SHA256, key.as_str().as_bytes()))
}
