//! The health check: a short login of a session, so that it is known to work and
//! WhatsApp sees it now and then. Why: [`store::session::Due`] and
//! `docs/passive-login.md`.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::block::BlockReason;
use domain::clock::{Budget, UnixMillis};
use domain::gone::Gone;
use domain::problem::Problem;
use domain::tenant::InstanceId;
use domain::trace::{Reason, Trace};
use futures_util::{FutureExt, StreamExt, stream};
use store::session::{
    AcquireError, CheckNote, DueSession, SessionEnd, Settlement, is_fresh, next_check,
};
use store::table::StoreError;
use whatsapp::{Abandoned, Online};

use crate::engine::Engine;
use crate::visit::{Visit, visit};

/// Sessions that are checked at the same time. Each has a socket and some 50 KiB.
const AT_ONCE: usize = 8;
/// Most sessions that one run looks at.
const MOST: usize = 200;
/// No check is begun with less time than this left.
const ONE_CHECK: Duration = Duration::from_secs(8);
/// When a session is looked at again that could not be checked: an hour, and up
/// to another at random.
const AGAIN: Duration = Duration::from_hours(1);

/// How a session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It logged in.
    Connected,
    /// It was seen lately, so nothing was asked.
    Fresh,
    /// It never had a device.
    NeverLinked,
    /// WhatsApp unlinked the device; now or before.
    LoggedOut,
    /// WhatsApp locked the account; now or before. Linking again may not help.
    Locked,
    /// WhatsApp banned the number for good; now or before.
    BannedForGood,
    /// WhatsApp banned the number until then.
    Banned {
        /// How much longer.
        left: Duration,
    },
    /// WhatsApp throttles the number.
    Throttled {
        /// How much longer.
        left: Duration,
    },
    /// WhatsApp refuses our client version.
    VersionRefused,
    /// Another run holds the session, so it works.
    Busy,
    /// WhatsApp could not be asked.
    Unreachable(Reason),
    /// No such instance.
    NotFound,
    /// The table, or the key service, did not answer.
    Unavailable,
    /// Its credentials, or the table, could not be read.
    Unreadable,
}

impl Health {
    fn of_gone(gone: Gone) -> Self {
        match gone {
            Gone::Unlinked => Self::LoggedOut,
            Gone::Locked => Self::Locked,
            Gone::Banned => Self::BannedForGood,
        }
    }

    /// Its name, as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Fresh => "fresh",
            Self::NeverLinked => "never_linked",
            Self::LoggedOut => "logged_out",
            Self::Locked => "locked",
            Self::BannedForGood => "banned_for_good",
            Self::Banned { .. } => "banned",
            Self::Throttled { .. } => "throttled",
            Self::VersionRefused => "version_refused",
            Self::Busy => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::NotFound => "not_found",
            Self::Unavailable => "storage_unavailable",
            Self::Unreadable => "unreadable",
        }
    }

    /// Why WhatsApp did not let the session in, if it did not.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::LoggedOut => Some(Reason::LoggedOut),
            Self::Locked => Some(Reason::Locked),
            Self::BannedForGood => Some(Reason::BannedForGood),
            Self::Banned { .. } => Some(Reason::Banned),
            Self::Throttled { .. } => Some(Reason::Throttled),
            Self::VersionRefused => Some(Reason::VersionRefused),
            Self::Unreachable(reason) => Some(reason),
            Self::Connected
            | Self::Fresh
            | Self::NeverLinked
            | Self::Busy
            | Self::NotFound
            | Self::Unavailable
            | Self::Unreadable => None,
        }
    }
}

/// Which sessions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// One that is due since then, unless it was seen lately.
    Due(UnixMillis),
    /// Whenever they were seen.
    Always,
}

/// What a run of checks did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What each session's check found.
    pub found: Vec<(InstanceId, Health)>,
    /// Sessions that are due and were not looked at.
    pub remaining: u64,
    /// Rows of the index of due sessions that cannot be read.
    pub unreadable: u64,
}

/// Checks the sessions that are due, some at a time, until none is left or the
/// budget is nearly used up.
///
/// # Errors
/// When the due sessions cannot be listed.
pub async fn due(engine: &Engine, budget: Budget) -> Result<Checked, StoreError> {
    let due = engine.sessions.due(MOST, budget).await?;
    let checks = stream::iter(due.sessions).map(|due| async move {
        let DueSession { instance, at } = due;
        // Asked when the check begins, not when it is listed.
        if budget.remaining() < ONE_CHECK {
            return None;
        }
        // A panic is that session's, and its lease ends by itself.
        let checking = AssertUnwindSafe(one(engine, &instance, When::Due(at), budget).boxed());
        let health = checking.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(%instance, "panicked in a check");
            Health::Unreadable
        });
        Some((instance, health))
    });
    let found: Vec<_> =
        checks.buffer_unordered(AT_ONCE).filter_map(|found| async { found }).collect().await;
    let looked_at = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let remaining = due.total.saturating_sub(looked_at);
    Ok(Checked { found, remaining, unreadable: due.unreadable })
}

/// Checks one session, under its lease, and records what was found and when the
/// next check is due.
pub async fn one(engine: &Engine, instance: &InstanceId, when: When, budget: Budget) -> Health {
    let mut trace = Trace::default();
    let looking = async |visit: &mut Visit<'_>| look(visit, when).await;
    let visited = match visit(engine, instance, &[], budget, &mut trace, looking).await {
        Ok(visited) => visited,
        Err(error) => return without_lease(engine, instance, &error, when, budget).await,
    };
    let (health, next) = visited.done.unwrap_or_else(|| {
        (Health::Unreadable, next_after(Health::Unreadable, engine.clock.now()))
    });
    let check = Some(CheckNote { result: health.name(), next });
    let settlement = Settlement { check, ..Settlement::default() };
    if let Err(error) = visited.settle(settlement).await {
        tracing::warn!(%instance, %error, "the check is not recorded");
    }
    tracing::info!(%instance, health = health.name(), "checked");
    health
}

/// How the session does, and when it is to be looked at again.
async fn look(visit: &mut Visit<'_>, when: When) -> (Health, UnixMillis) {
    let now = visit.engine().clock.now();
    match visit.leased().seen().filter(|seen| is_fresh(*seen, now)) {
        Some(seen) if when != When::Always => (Health::Fresh, next_check(seen)),
        Some(_) | None => {
            let health = log_in(visit).await;
            (health, next_after(health, now))
        }
    }
}

async fn log_in(visit: &mut Visit<'_>) -> Health {
    let budget = visit.budget();
    let credentials = match visit.credentials(budget).await {
        Ok(credentials) => credentials,
        Err(unopened) if Problem::from(&unopened) == Problem::Unavailable => {
            return Health::Unavailable;
        }
        Err(_) => return Health::Unreadable,
    };
    let online = visit.online(
        &credentials,
        budget,
        async {},
        async |_: &mut Visit<'_>, _: &mut Online, ()| {},
    );
    let in_vain = match online.boxed().await {
        Ok(()) => return Health::Connected,
        Err(Abandoned::LeaseExpired) => return Health::Unreachable(Reason::TimedOut),
        Err(Abandoned::Failed(failure)) => failure,
    };
    let now = visit.engine().clock.now();
    match (in_vain.reason(), visit.said().session) {
        (_, SessionEnd::LoggedOut(gone)) => Health::of_gone(gone),
        (Reason::VersionRefused, _) => Health::VersionRefused,
        (_, SessionEnd::Blocked { reason: BlockReason::Banned, until }) => {
            Health::Banned { left: until.since(now) }
        }
        (_, SessionEnd::Blocked { reason: BlockReason::Throttled, until }) => {
            Health::Throttled { left: until.since(now) }
        }
        (reason, SessionEnd::Unchanged | SessionEnd::Online) => Health::Unreachable(reason),
    }
}

/// A session whose lease cannot be had is moved away from the head of the index.
async fn without_lease(
    engine: &Engine,
    instance: &InstanceId,
    error: &AcquireError,
    when: When,
    budget: Budget,
) -> Health {
    let health = match error {
        AcquireError::NotFound => return Health::NotFound,
        AcquireError::NotConnected(None) => Health::NeverLinked,
        AcquireError::NotConnected(Some(gone)) => Health::of_gone(*gone),
        AcquireError::Blocked { reason: BlockReason::Banned, left } => {
            Health::Banned { left: *left }
        }
        AcquireError::Blocked { reason: BlockReason::Throttled, left } => {
            Health::Throttled { left: *left }
        }
        AcquireError::Busy { .. } | AcquireError::TooManyOpen { .. } => Health::Busy,
        AcquireError::Store(error) => {
            tracing::warn!(%instance, %error, "not checked");
            if error.leaves_open() { Health::Unavailable } else { Health::Unreadable }
        }
    };
    let When::Due(at) = when else { return health };
    let next = match health {
        Health::NeverLinked | Health::LoggedOut | Health::Locked | Health::BannedForGood => None,
        health => Some(next_after(health, engine.clock.now())),
    };
    let due = DueSession { instance: instance.clone(), at };
    if let Err(error) = engine.sessions.postpone(&due, next, budget).await {
        tracing::warn!(%instance, %error, "the next check is not moved");
    }
    health
}

fn next_after(health: Health, now: UnixMillis) -> UnixMillis {
    match health {
        Health::Connected
        | Health::Fresh
        | Health::NeverLinked
        | Health::LoggedOut
        | Health::Locked
        | Health::BannedForGood
        | Health::NotFound => next_check(now),
        Health::Banned { left } | Health::Throttled { left } => again(now.plus(left)),
        Health::VersionRefused
        | Health::Busy
        | Health::Unreachable(_)
        | Health::Unavailable
        | Health::Unreadable => again(now),
    }
}

fn again(from: UnixMillis) -> UnixMillis {
    from.plus(AGAIN).plus(AGAIN.mul_f64(fastrand::f64()))
}
