//! Answers kept for an `Idempotency-Key`: the first settled answer, for 24 hours.

use std::collections::HashMap;

use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;
use domain::tenant::InstanceId;
use ring::digest;

use super::acquire::is_there;
use super::generation::Generation;
use super::{Leased, Sessions};
use crate::table::{Attributes, Condition, Corrupt, Item, StoreError, keys, number, text};

/// How long an answer is kept: 24 hours, in seconds.
const LIFE_SECONDS: u64 = 24 * 60 * 60;
/// What is read of session and answer.
const READ: &str =
    "pk, sk, session_state, generation, identifier_hash, status_code, body, expires_at";

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
    /// No such instance, so nothing is.
    NoInstance,
    /// Nothing yet.
    Nothing,
    /// The answer to this very request.
    Answer(KeptAnswer),
    /// The key was used for another identifier.
    OtherRequest,
}

impl Sessions {
    /// What is kept for `key` and `identifier`, before anybody has the lease:
    /// session and answer in one consistent read, since only the session tells which
    /// generation's answers count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept(
        &self,
        instance: &InstanceId,
        key: &IdempotencyKey,
        identifier: &Identifier,
        budget: Budget,
    ) -> Result<Kept, StoreError> {
        let places = [keys::session(instance), keys::kept_answer(instance, &hash(key.as_str()))];
        let items = self.table.get_all(&places, READ, budget).await?;
        let at = |sk: &str| items.iter().find(|item| Item(item).optional_text("sk") == Some(sk));
        let session = at(&places[0].sk);
        if !is_there(session) {
            return Ok(Kept::NoInstance);
        }
        let generation = session.map(|item| Generation::of(Item(item))).unwrap_or_default();
        Ok(read(at(&places[1].sk), &generation, identifier, self.clock.now())?)
    }
}

impl Leased {
    /// What is kept for `key` and `identifier` now that we have the lease: a run that
    /// was waited for may have answered this very request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept(
        &self,
        key: &IdempotencyKey,
        identifier: &Identifier,
        budget: Budget,
    ) -> Result<Kept, StoreError> {
        let place = keys::kept_answer(&self.instance, &hash(key.as_str()));
        let item = self.table.get(&place, budget).await?;
        Ok(read(item.as_ref(), &self.generation, identifier, self.clock.now())?)
    }
}

fn read(
    item: Option<&Attributes>,
    generation: &Generation,
    identifier: &Identifier,
    now: UnixMillis,
) -> Result<Kept, Corrupt> {
    let is_its = |item: &Item<'_>| generation.has(*item) || broken!(KeptAreOfTheGeneration);
    let Some(item) = item.map(Item).filter(is_its) else {
        return Ok(Kept::Nothing);
    };
    // TTL deletes late, so an answer past its end may still be there.
    if item.number("expires_at")? <= now.seconds() && !broken!(KeptEnds) {
        return Ok(Kept::Nothing);
    }
    let is_same = item.text("identifier_hash")? == hash(&identifier.to_string());
    if !is_same && !broken!(KeyNamesOneIdentifier) {
        return Ok(Kept::OtherRequest);
    }
    let status = u16::try_from(item.number("status_code")?).unwrap_or(500);
    Ok(Kept::Answer(KeptAnswer { status, body: item.text("body")?.to_owned() }))
}

/// The item that keeps `answer`. An invite's code lets anyone join, so the
/// identifier is there as a hash.
pub(super) fn item(
    instance: &InstanceId,
    generation: &Generation,
    key: &IdempotencyKey,
    identifier: &Identifier,
    answer: &KeptAnswer,
    now: UnixMillis,
) -> Attributes {
    let place = keys::kept_answer(instance, &hash(key.as_str()));
    let life = broken!(KeptLastsADay => LIFE_SECONDS / 2; LIFE_SECONDS);
    let mut item = HashMap::from([
        ("pk".to_owned(), text(place.pk)),
        ("sk".to_owned(), text(place.sk)),
        ("identifier_hash".to_owned(), text(hash(&identifier.to_string()))),
        ("status_code".to_owned(), number(answer.status.into())),
        ("body".to_owned(), text(answer.body.clone())),
        ("expires_at".to_owned(), number(now.seconds() + life)),
    ]);
    generation.mark(&mut item);
    item
}

/// The condition under which nothing is kept there at `now`: the first answer wins.
pub(super) fn is_absent(generation: &Generation, now: UnixMillis) -> Condition {
    let absent = generation.is_absent();
    let absent = broken!(KeptIsWrittenOnce => absent.or("attribute_exists(pk)"); absent);
    absent.or("expires_at <= :now_s").value(":now_s", number(now.seconds()))
}

fn hash(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}
