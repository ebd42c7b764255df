//! What is remembered of WhatsApp's refusals: who is to stay away does not dial.

use super::run::Run;
use super::{State, Wrong};

/// What clocks may differ by, in milliseconds.
const APART: i64 = 200_000;

impl State {
    /// Whether a run dialled although an earlier one was told not to, or that the device is gone.
    pub(super) fn judged_by_memory(&self, run: &Run) -> Option<Wrong> {
        if run.seen.connections.is_empty() || run.is_queued {
            return None;
        }
        let earlier = self.runs.iter().rev().find(|other| {
            other.instance == run.instance
                && other.ended < run.began
                && !other.seen.connections.is_empty()
        })?;
        let is_certain = earlier.is_plain() && !self.is_crossed(earlier) && !earlier.is_queued;
        let visited = self.visits.iter().any(|visit| {
            visit.instance == run.instance
                && visit.began <= run.ended
                && visit.ended >= earlier.began
        });
        if !is_certain || visited || self.is_crossed(run) {
            return None;
        }
        let since = Self::since(earlier, run);
        let (label, what) = if earlier.was_told("Instance is not connected") {
            ("dialled-gone", "the device was gone")
        } else if earlier.blocked_for().is_some_and(|wait| since < wait - APART) {
            ("dialled-blocked", "WhatsApp was to be left alone")
        } else {
            return None;
        };
        Some(Wrong { label, what: format!("{what} since run {}: {run:?}", earlier.number) })
    }
}
