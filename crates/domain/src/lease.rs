//! Every time that belongs to a lease: how long it lasts, what is kept back of it, and how
//! long what a run leaves behind counts. They depend on each other, so they stand together
//! and nowhere else; why each is as it is: `docs/lease.md`.

use std::time::Duration;

/// The times of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// Longest that a run works under one lease. An HTTP API cuts at 30 s, whatever the
    /// function's own timeout is.
    pub run: Duration,
    /// What a machine's clock may differ from another's.
    pub skew: Duration,
    /// Kept back of a run for settling.
    pub settling: Duration,
    /// Kept back of an invocation for the answer's own way out of the function.
    pub answering: Duration,
    /// With less time than this no lease is taken: it could hardly be given back, and what
    /// stays behind is read as a leave whose outcome was lost.
    pub least: Duration,
    /// First wait for a busy session; doubled, with full jitter.
    pub first_wait: Duration,
    /// Longest wait between two looks at a busy session.
    pub longest_wait: Duration,
    /// Later than this after it was signed AWS takes no request (IAM user guide, "Elements of
    /// an AWS API request signature": within five minutes of its time stamp).
    pub latest: Duration,
    /// How long an intent counts from the last stanza that it covered.
    pub intent: Duration,
}

/// The times that everything in this workspace keeps.
pub const LEASE: LeaseTimes = LeaseTimes {
    run: Duration::from_secs(25),
    skew: Duration::from_secs(5),
    settling: Duration::from_millis(1_500),
    answering: Duration::from_millis(150),
    least: Duration::from_millis(50),
    first_wait: Duration::from_millis(40),
    longest_wait: Duration::from_millis(640),
    latest: Duration::from_mins(5),
    intent: Duration::from_hours(24),
};

impl LeaseTimes {
    /// Longest that a lease lasts: the run's own time, and what clocks may differ.
    pub const fn longest(&self) -> Duration {
        self.run.saturating_add(self.skew)
    }

    /// A lease that ends later than this from now was written by a clock that ran away,
    /// and does not last: two of the longest, and what a request may be late.
    ///
    /// "Now" is when the request was made. Without the latter one that is late by the length
    /// of a lease would take one for absurd that somebody has just begun.
    pub const fn absurd(&self) -> Duration {
        self.longest().saturating_mul(2).saturating_add(self.latest)
    }
}
