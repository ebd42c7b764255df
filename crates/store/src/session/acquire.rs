//! Taking a session's lease, its credentials and the usual intents in one update.

mod attempts;
mod error;
mod take;

use domain::block::BlockReason;
use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::gone::Gone;
use domain::group::GroupJid;
use domain::tenant::InstanceId;

use super::intents::{self, Intents};
use super::{Leased, Sessions};
use crate::rows::session::{DELETING, LINKED, LOGGED_OUT, NEVER_LINKED};
use crate::table::{Attributes, Corrupt, Item, StoreError, Updated, keys};

pub(super) use attempts::{Attempt, Attempts, OURS, Try};
pub use error::AcquireError;
use take::{Take, Wanted};

/// Why the item refused, when that need not last.
enum Refusal {
    /// Another run's lease, which ends then.
    Busy(UnixMillis),
    /// Nobody holds it: there was no room for the intents, or somebody else was
    /// there between refusing and now.
    Free,
}

impl Sessions {
    /// Takes the lease of `instance` and writes an intent for each of `jids`
    /// that has none. A busy session is waited for, at most for half of `budget`.
    ///
    /// Of `jids`, those that have no room among the open intents get none: see
    /// [`Leased::has_room_beside`]. An intent that is there needs no room, so a retry of an
    /// open leave always passes.
    ///
    /// # Errors
    /// [`AcquireError`]. A state that cannot succeed takes no lease.
    pub async fn acquire(
        &self,
        instance: &InstanceId,
        jids: &[GroupJid],
        budget: Budget,
    ) -> Result<Leased, AcquireError> {
        broken!(RowIsReadUnderTheLease => self.read_early(instance, jids, budget).await);
        let wait = self.wait.min(budget.remaining() / 2);
        let mut attempts = Attempts::new(self, instance, wait, budget).await?;
        let mut wanted = Wanted::usual(jids);
        let mut is_tidied = false;
        loop {
            let update = |attempt: &Try<'_>| Take { attempt, wanted: &wanted }.update();
            let (item, now) = match attempts.take(update, |item| item).await? {
                Attempt::Taken(leased, _) => return Ok(*leased),
                Attempt::Refused(item, now) => (item, now),
            };
            let until = match refusal(Item(&item), now)? {
                Refusal::Busy(until) => until,
                Refusal::Free => {
                    let standing = intents::read(Item(&item)).map_err(StoreError::from)?;
                    let is_crowded = take::lack_room(jids, &standing);
                    let standing = if is_crowded && !is_tidied {
                        is_tidied = true;
                        self.make_room(instance, standing, now, budget).await?
                    } else {
                        standing
                    };
                    wanted = Wanted::fitting(jids, &standing, now);
                    if wanted.is_refused() {
                        let left = intents::until_one_ends(&standing, now);
                        return Err(AcquireError::TooManyOpen { left });
                    }
                    if is_crowded && attempts.may_wait() {
                        continue;
                    }
                    now
                }
            };
            attempts.wait(until).await?;
        }
    }

    /// Removes intents that have ended, on condition that nobody has renewed them
    /// since they were read. No lease is needed: they count for nothing. Returns
    /// those that stand then, as far as is known.
    async fn make_room(
        &self,
        instance: &InstanceId,
        standing: Intents,
        now: UnixMillis,
        budget: Budget,
    ) -> Result<Intents, StoreError> {
        let ended = intents::ended(&standing, now);
        if ended.is_empty() {
            return Ok(standing);
        }
        let update = take::tidy(&ended);
        match self.table.update(&keys::session(instance), update, budget).await? {
            Updated::Applied(item) | Updated::Refused(Some(item)) => {
                Ok(intents::read(Item(&item))?)
            }
            Updated::Refused(None) => Ok(standing),
        }
    }
}

/// Why the item refused: an error that lasts, or something that passes.
fn refusal(item: Item<'_>, now: UnixMillis) -> Result<Refusal, AcquireError> {
    match item.text("session_state").map_err(StoreError::from)? {
        LINKED => {}
        LOGGED_OUT => {
            let gone = Gone::from_name(item.optional_text("logged_out_by"));
            return Err(AcquireError::NotConnected(Some(gone)));
        }
        NEVER_LINKED => return Err(AcquireError::NotConnected(None)),
        DELETING if broken!(DeletingIsSilent) => return Err(AcquireError::NotConnected(None)),
        DELETING => return Err(AcquireError::NotFound),
        _ => return Err(StoreError::from(Corrupt("session_state")).into()),
    }
    let blocked_until = item.optional_number("blocked_until").map(UnixMillis);
    let lasts = |until: &UnixMillis| *until > now && *until <= take::absurd_block(now);
    if let Some(until) = blocked_until.filter(lasts) {
        let reason = BlockReason::from_name(item.optional_text("blocked_by").unwrap_or_default());
        return Err(AcquireError::Blocked { reason, left: until.since(now) });
    }
    let lease = item.optional_number("lease_until").map(UnixMillis);
    let lasts = |until: &UnixMillis| *until >= now && *until <= take::absurd(now);
    Ok(lease.filter(lasts).map_or(Refusal::Free, Refusal::Busy))
}

/// The state of a session, as one that asks for it without its lease sees it.
pub(super) fn is_there(session: Option<&Attributes>) -> bool {
    let state = session.and_then(|item| Item(item).optional_text("session_state"));
    state.is_some_and(|state| state != DELETING || broken!(DeletingIsSilent))
}
