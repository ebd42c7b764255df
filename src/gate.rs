//! Token and limit in one call: who asks, and may they ask now.
//!
//! The limit is a fixed window on the clock's minute, counted in a ring of
//! slots inside the token's own item, so that authenticating and counting are
//! one conditional update. Why so: `docs/rate-limit.md`.

mod new_token;
mod notes;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Budget, Clock, UnixMillis};
use crate::problem::Problem;
use crate::table::{Attributes, Corrupt, Item, StoreError, Table, Update, Updated, keys, number};
use crate::tenant::{AccountId, InstanceName};
use crate::token::{Token, TokenHash};
pub use new_token::NewToken;
use notes::Notes;
use window::{Count, Decision, Window};

/// Requests in a window when a token's item names no other number.
pub const DEFAULT_LIMIT: u64 = 100;
/// How often a decision is put to DynamoDB again. Each attempt follows a
/// change that another machine made, so the third already needs two races.
const ATTEMPTS: usize = 8;

/// Lets requests in, or not.
pub struct Gate {
    table: Table,
    clock: Arc<dyn Clock>,
    notes: Mutex<Notes>,
}

/// Someone whose token was recognised and counted. Only the gate makes one,
/// and without one there is no [`crate::order::Order`].
#[derive(Debug, Clone)]
pub struct Caller {
    account: AccountId,
    scope: Scope,
    limit: Limit,
    hash: TokenHash,
}

/// What a token acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every instance of its account.
    Account,
    /// One instance.
    Instance(InstanceName),
}

/// The numbers behind the `X-RateLimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests in a window.
    pub limit: u64,
    /// What is left of them.
    pub remaining: u64,
    /// When the window ends.
    pub reset: UnixMillis,
}

/// Why a request was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Unknown, revoked, or ended.
    #[error("unknown token")]
    Unknown,
    /// The window is full.
    #[error("rate limit exceeded")]
    Limited {
        /// The numbers for the headers.
        limit: Limit,
        /// Until the window ends.
        retry_after: Duration,
    },
    /// The token's item could not be read or counted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::InvalidToken,
            Refusal::Limited { retry_after, .. } => Self::RateLimited { retry_after: *retry_after },
            Refusal::Store(error) => Self::from(error),
        }
    }
}

impl Caller {
    /// The account that the token belongs to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// What the token acts for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The limit after this request was counted.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// The beginning of the token's hash, for the log.
    pub fn token_prefix(&self) -> String {
        self.hash.prefix()
    }
}

impl Gate {
    /// A gate before `table`.
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock, notes: Mutex::default() }
    }

    /// Authenticates a token and counts this request. Every authenticated
    /// request counts, also one that is refused later.
    ///
    /// # Errors
    /// [`Refusal`]. Storage that does not answer lets nobody in.
    pub async fn admit(&self, token: &Token, budget: Budget) -> Result<Caller, Refusal> {
        let hash = token.hash();
        let now = self.clock.now();
        if let Some(refusal) = self.noted(hash, now) {
            return Err(refusal);
        }
        let refusal = match self.count(hash, now, budget).await {
            Ok(caller) => return Ok(caller),
            Err(refusal) => refusal,
        };
        self.note(hash, now, &refusal);
        Err(refusal)
    }

    async fn count(
        &self,
        hash: TokenHash,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Caller, Refusal> {
        let key = keys::token(hash);
        let mut count = Count::In(Window::at(now));
        for _ in 0..ATTEMPTS {
            let window = count.window();
            match self.table.update(&key, update(count, now), budget).await? {
                Updated::Applied(item) => {
                    let counter = read(&item, window)?;
                    let limit = limit(counter.max, counter.in_slot.unwrap_or_default(), window);
                    return Ok(caller(Item(&item), hash, limit)?);
                }
                Updated::Refused(None) => return Err(Refusal::Unknown),
                Updated::Refused(Some(item)) if has_ended(Item(&item), now) => {
                    return Err(Refusal::Unknown);
                }
                Updated::Refused(Some(item)) => {
                    let counter = read(&item, window)?;
                    match window::decide(window, &counter) {
                        Decision::Full => {
                            let limit = limit(counter.max, counter.max, window);
                            let retry_after = limit.reset.since(now).max(Duration::from_secs(1));
                            return Err(Refusal::Limited { limit, retry_after });
                        }
                        Decision::Again(next) => count = next,
                    }
                }
            }
        }
        Err(StoreError::Unavailable("the token's counter kept changing".to_owned()).into())
    }

    fn noted(&self, hash: TokenHash, now: UnixMillis) -> Option<Refusal> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.is_unknown(hash, now) {
            return Some(Refusal::Unknown);
        }
        let full = notes.full(hash, Window::at(now))?;
        Some(Refusal::Limited {
            limit: full,
            retry_after: full.reset.since(now).max(Duration::from_secs(1)),
        })
    }

    fn note(&self, hash: TokenHash, now: UnixMillis, refusal: &Refusal) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        match refusal {
            Refusal::Unknown => notes.set_unknown(hash, now),
            Refusal::Limited { limit, .. } => notes.set_full(hash, *limit),
            Refusal::Store(_) => {}
        }
    }
}

fn read(item: &Attributes, window: Window) -> Result<window::Counter, StoreError> {
    Ok(window::Counter::read(Item(item), window)?)
}

fn limit(max: u64, counted: u64, window: Window) -> Limit {
    Limit { limit: max, remaining: max.saturating_sub(counted), reset: window.end() }
}

/// The item's account and scope. What it holds was written by us.
fn caller(item: Item<'_>, hash: TokenHash, limit: Limit) -> Result<Caller, StoreError> {
    let account = item.text("account")?.parse().map_err(|_| Corrupt("account"))?;
    let scope = match item.text("kind")? {
        "account" => Scope::Account,
        "instance" => {
            let name = InstanceName::of_stored(item.text("instance")?);
            Scope::Instance(name.map_err(|_| Corrupt("instance"))?)
        }
        _ => return Err(Corrupt("kind").into()),
    };
    Ok(Caller { account, scope, limit, hash })
}

fn update(count: Count, now: UnixMillis) -> Update {
    let window = count.window();
    let others: Vec<String> = window.other_slots().collect();
    let removed = others.join(", ");
    let slot = window.slot();
    let mut values = HashMap::from([
        (":w".to_owned(), number(window.index())),
        (":one".to_owned(), number(1)),
        (":now".to_owned(), number(now.0)),
    ]);
    let (expression, condition) = match count {
        Count::In(_) => {
            values.insert(":zero".to_owned(), number(0));
            (
                format!(
                    "SET {slot} = if_not_exists({slot}, :zero) + :one, win = :w REMOVE {removed}"
                ),
                format!(
                    "win <= :w AND (attribute_not_exists({slot}) OR (win = :w AND {slot} < max_rpm))"
                ),
            )
        }
        Count::AfterReset { seen, .. } => {
            values.insert(":old".to_owned(), number(seen));
            (format!("SET {slot} = :one, win = :w REMOVE {removed}"), "win = :old".to_owned())
        }
    };
    let condition = format!("({condition}) AND {VALID}");
    Update { expression, condition, names: HashMap::new(), values }
}

/// A token may end (`valid_until`, in milliseconds of the Unix epoch). It is told
/// in the same call: its item is there until it is revoked or swept.
const VALID: &str = "(attribute_not_exists(valid_until) OR valid_until > :now)";

fn has_ended(item: Item<'_>, now: UnixMillis) -> bool {
    item.optional_number("valid_until").is_some_and(|until| until <= now.0)
}
