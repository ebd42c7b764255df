//! Whether `Retry-After` is true: there where it should be, within its bounds, and just what
//! is left where that is known.

use super::fences::Lease;
use super::refusals::unless;
use super::run::Run;
use super::{State, Wrong};
use crate::steps::Refuses;

/// Longest that a throttle and a ban are obeyed, in seconds.
pub(super) const LONGEST_THROTTLE: u64 = 60 * 60;
pub(super) const LONGEST_BAN: u64 = 7 * 24 * 60 * 60;
/// What clocks are set back by meanwhile, in seconds.
pub(super) const SET_BACK: u64 = 900;
/// Longest that a lease which somebody holds is believed: by a clock that ran away, too.
pub(super) const LONGEST_LEASE: u64 = 6 * 60;
/// A window, and the one after it, where clocks were set back.
const WINDOW: u64 = 2 * 60;
/// What waits may differ by: rounding, and what is under way, in seconds.
const ABOUT: u64 = 2;
/// The same by clocks that are off, in milliseconds.
const APART: u64 = 12_000;

impl State {
    /// Whether `Retry-After` is there where it should be, and sane.
    pub(super) fn judged_wait(run: &Run, message: &str, wait: Option<u64>) -> Option<Wrong> {
        let longest = match message.split('.').next().unwrap_or_default() {
            "Rate limit exceeded" => WINDOW,
            "WhatsApp rate limit reached" => LONGEST_THROTTLE + SET_BACK,
            "Instance is temporarily banned by WhatsApp" => LONGEST_BAN + SET_BACK,
            "Instance is busy" => LONGEST_LEASE,
            "Too many leaves of this instance have no known outcome" => 60 * 60,
            "WhatsApp is unavailable"
            | "WhatsApp did not confirm the leave"
            | "Service is temporarily unavailable" => 5,
            _ => 0,
        };
        let moved = run.moved_ended.abs_diff(run.moved_began) / 1_000;
        let is_right = match wait {
            // A queue is told no times.
            None => longest == 0 || run.is_queued,
            // Its time is of when the call was made that told it.
            Some(wait) => (1..=longest + moved).contains(&wait),
        };
        unless(is_right, "retry-after", || format!("{message}: {wait:?}"))
    }

    /// Whether `Retry-After` of who is to stay away is what WhatsApp said, or what is left of
    /// it; and of a busy instance what is left of the lease.
    pub(super) fn judged_by_wait(&self, run: &Run) -> Option<Wrong> {
        let told = run.answer.as_ref()?.told()?;
        let ([message], [Some(wait)]) = (told.messages.as_slice(), told.waits.as_slice()) else {
            return None;
        };
        if !run.is_plain() || run.is_queued || self.is_crossed(run) || told.replayed {
            return None;
        }
        let (refuses, longest) = match message.as_str() {
            _ if message.starts_with("WhatsApp rate") => (Refuses::ForAWhile, LONGEST_THROTTLE),
            _ if message.starts_with("Instance is temporarily banned") => {
                (Refuses::Banned, LONGEST_BAN)
            }
            _ if message.starts_with("Instance is busy") => {
                let mut leases = self.leases.iter().filter(|((_, its), _)| *its == run.instance);
                // One that a call has taken which was under way for long.
                let is_later = |lease: &Lease| (run.began..=run.ended).contains(&lease.at);
                if leases.any(|(_, its)| its.iter().any(is_later)) {
                    return None;
                }
                let left = run.until.1.saturating_sub(run.world_began);
                let is_right = wait * 1_000 <= left + APART;
                return (!is_right).then(|| Wrong {
                    label: "wait",
                    what: format!("{wait} s, and {left} ms are left; {run:?}"),
                });
            }
            _ => return None,
        };
        let said = self.scripts_beside(run).filter(|script| script.refuses == refuses);
        let said: Vec<Option<u64>> = said.map(|script| script.seconds).collect();
        let expected = match (run.seen.connections.is_empty(), said.as_slice()) {
            (true, []) => {
                let left = run.until.0.saturating_sub(run.world_began);
                return (left.abs_diff(wait * 1_000) > APART).then(|| Wrong {
                    label: "wait",
                    what: format!("{wait} s, and {left} ms are left; {run:?}"),
                });
            }
            (false, [Some(seconds)]) => (*seconds).clamp(1, longest),
            _ => return None,
        };
        (expected.abs_diff(*wait) > ABOUT).then(|| Wrong {
            label: "wait",
            what: format!("{wait} s, and WhatsApp said {expected}; {run:?}"),
        })
    }
}
