//! Injected time: the wall clock that windows and leases are written in, and
//! the budget that every wait derives from.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A moment on the wall clock, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// Whole seconds since the epoch.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// This moment later by `span`.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This moment earlier by `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long it is from `earlier` to this moment; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Where the wall clock's time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> UnixMillis;

    /// Hears the `Date` of one of DynamoDB's answers, in Unix seconds, and when
    /// the question was sent.
    fn observe(&self, server_seconds: i64, sent: SystemTime) {
        let _ = (server_seconds, sent);
    }

    /// Whether it was compared with DynamoDB's. Before that it may be off by any
    /// amount, and no lease is taken by it.
    fn is_compared(&self) -> bool {
        true
    }
}

/// The machine's clock, corrected by DynamoDB's `Date` when the two differ by
/// more than two seconds. Without that, two machines more than two windows
/// apart would reset the limiter's slot by turns and it would stand open.
#[derive(Debug, Default)]
pub struct SystemClock {
    correction_ms: AtomicI64,
    is_compared: AtomicBool,
}

/// A `Date` has whole seconds and travelled: a smaller difference says nothing.
const TOLERATED_MS: i64 = 2_000;

impl SystemClock {
    /// The machine's clock, not yet corrected.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let corrected = machine_ms().saturating_add(self.correction_ms.load(Ordering::Relaxed));
        UnixMillis(u64::try_from(corrected).unwrap_or_default())
    }

    /// A `Date` that was long on its way says when it was written, not what the
    /// time is: a frozen environment reads it minutes later. How long that was is
    /// not known where the machine's clock was set back meanwhile.
    fn observe(&self, server_seconds: i64, sent: SystemTime) {
        let on_its_way = SystemTime::now().duration_since(sent);
        if !on_its_way.is_ok_and(|it| millis(it) < TOLERATED_MS.unsigned_abs()) {
            return;
        }
        let difference = server_seconds.saturating_mul(1000) - machine_ms();
        let correction = if difference.abs() > TOLERATED_MS { difference } else { 0 };
        self.correction_ms.store(correction, Ordering::Relaxed);
        self.is_compared.store(true, Ordering::Release);
    }

    fn is_compared(&self) -> bool {
        self.is_compared.load(Ordering::Acquire)
    }
}

fn machine_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// How long a run may still take. Every wait of the run derives from it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    end: Instant,
}

impl Budget {
    /// A budget that begins now.
    pub fn of(span: Duration) -> Self {
        Self { end: Instant::now() + span }
    }

    /// What is left; zero when it is used up.
    pub fn remaining(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The moment at which it is used up.
    pub fn end(self) -> Instant {
        self.end
    }

    /// The same budget with `reserve` kept back for what comes after; at most
    /// half of what is left is kept back.
    #[must_use]
    pub fn keeping(self, reserve: Duration) -> Self {
        Self { end: self.end - reserve.min(self.remaining() / 2) }
    }

    /// A budget for a step: no longer than `limit`, never past this one's end.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        Self { end: self.end.min(Instant::now() + limit) }
    }
}
