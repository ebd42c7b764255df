//! Token and limit in one call: who asks, and may they ask now.
//!
//! The limit is a fixed window on the clock's minute, counted in a ring of
//! slots inside the token's own item, so that authenticating and counting are
//! one conditional update. Why so: `docs/rate-limit.md`.

mod notes;
mod update;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::clock::{Budget, Clock, UnixMillis};
use domain::problem::Problem;
use domain::tenant::AccountId;
use domain::token::{Scope, Token, TokenHash};

use crate::rows::token::{self, ends};
use crate::table::{Attributes, Item, StoreError, Table, Updated, keys};
use notes::{Noted, Notes};
use update::update;
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
/// and without one there is no order.
#[derive(Debug, Clone)]
pub struct Caller {
    account: AccountId,
    scope: Scope,
    limit: Limit,
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
        let noted = self.notes().look(hash, now);
        let confirmed = match noted {
            Some(Noted::Unknown) => return Err(Refusal::Unknown),
            Some(Noted::Full(limit)) => return Err(limited(limit, now)),
            Some(Noted::Doubtful(window)) => self.confirm(hash, window, now, budget).await?,
            None => None,
        };
        let found = match confirmed {
            Some(found) => found,
            None => self.count(hash, now, budget).await?,
        };
        self.note(hash, now, &found);
        match found {
            Found::Admitted(caller) => Ok(caller),
            Found::Unknown => Err(Refusal::Unknown),
            // The reply may have put right a clock that is off.
            Found::Full { limit, .. } => Err(limited(limit, self.clock.now())),
        }
    }

    /// Reads a token whose window was noted as full: a read costs a fifth of the
    /// update that would be refused. `None`: the note says nothing any more, and
    /// the request is counted like any other.
    async fn confirm(
        &self,
        hash: TokenHash,
        window: Window,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Option<Found>, StoreError> {
        let Some(item) = self.table.get(&keys::token(hash), budget).await? else {
            return Ok(Some(Found::Unknown));
        };
        if has_ended(Item(&item), now) {
            return Ok(Some(Found::Unknown));
        }
        let counter = read(&item, window)?;
        let is_full = window::decide(window, &counter) == Decision::Full;
        Ok(is_full.then(|| full(Item(&item), &counter, window)))
    }

    async fn count(
        &self,
        hash: TokenHash,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Found, StoreError> {
        let key = keys::token(hash);
        let mut count = Count::In(Window::at(now));
        for _ in 0..ATTEMPTS {
            let window = count.window();
            match self.table.update(&key, update(count, now), budget).await? {
                Updated::Applied(item) => {
                    let counter = read(&item, window)?;
                    let limit = limit(counter.max, counter.in_slot.unwrap_or_default(), window);
                    return Ok(Found::Admitted(caller(Item(&item), limit)?));
                }
                Updated::Refused(None) => return Ok(Found::Unknown),
                Updated::Refused(Some(item)) if has_ended(Item(&item), now) => {
                    return Ok(Found::Unknown);
                }
                Updated::Refused(Some(item)) => {
                    let counter = read(&item, window)?;
                    match window::decide(window, &counter) {
                        Decision::Full => return Ok(full(Item(&item), &counter, window)),
                        Decision::Again(next) => count = next,
                    }
                }
            }
        }
        Err(StoreError::Endless("the token's counter kept changing"))
    }

    fn note(&self, hash: TokenHash, now: UnixMillis, found: &Found) {
        let mut notes = self.notes();
        match found {
            Found::Admitted(_) => notes.forget(hash),
            Found::Unknown => notes.set_unknown(hash, now),
            Found::Full { limit, ends } => notes.set_full(hash, now, *limit, *ends),
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a token's item says of one request.
enum Found {
    Admitted(Caller),
    /// Unknown, revoked, or ended.
    Unknown,
    /// The window is full.
    Full {
        limit: Limit,
        /// When the token ends by itself.
        ends: Option<UnixMillis>,
    },
}

fn full(item: Item<'_>, counter: &window::Counter, window: Window) -> Found {
    Found::Full { limit: limit(counter.max, counter.max, window), ends: ends(item) }
}

fn limited(limit: Limit, now: UnixMillis) -> Refusal {
    let retry_after = limit.reset.since(now).max(Duration::from_secs(1));
    Refusal::Limited { limit, retry_after }
}

fn read(item: &Attributes, window: Window) -> Result<window::Counter, StoreError> {
    Ok(window::Counter::read(Item(item), window)?)
}

fn limit(max: u64, counted: u64, window: Window) -> Limit {
    Limit { limit: max, remaining: max.saturating_sub(counted), reset: window.end() }
}

fn caller(item: Item<'_>, limit: Limit) -> Result<Caller, StoreError> {
    Ok(Caller { account: token::account(item)?, scope: token::scope(item)?, limit })
}

fn has_ended(item: Item<'_>, now: UnixMillis) -> bool {
    ends(item).is_some_and(|end| end <= now)
}
