//! Leaves whose outcome nobody has heard.

use super::run::Run;
use super::{Answer, Cause, State};
use crate::steps::Refuses;

/// How long a lost outcome counts, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Around that, clocks of machines that are off decide.
const MARGIN: i64 = 10 * 60 * 1_000;

impl State {
    /// Whether an earlier leave of ours may have lost its outcome.
    pub(super) fn has_lost_before(&self, run: &Run, group: &str) -> bool {
        let since = self.forgotten_before(run);
        self.runs.iter().any(|earlier| {
            earlier.number != run.number
                && earlier.instance == run.instance
                && earlier.began <= run.ended
                && earlier.ended >= since
                && (earlier.lost(group) || (earlier.names(group) && self.is_crossed(earlier)))
                && !self.changed_nothing(earlier, group)
                && (Self::at_least(earlier, run) <= DAY + MARGIN
                    || self.was_blocked_between(earlier, run))
        })
    }

    /// Whether a run said so, and nothing hid that: it may have stood still, but it sent
    /// nothing, and nobody took its lease.
    fn changed_nothing(&self, run: &Run, group: &str) -> bool {
        let is_heard =
            run.seen.met.is_empty() && !self.is_taken_over(run) && run.was_told_of(group);
        // What it sent is known once it was looked at.
        is_heard && run.is_judged && !run.sent.iter().any(|sent| run.along(sent).contains(&group))
    }

    /// The run that left the group, with evidence and under an intent, whose outcome nobody
    /// has heard and nobody has settled since. Whatever the table says by now.
    pub(super) fn lost_leave(&self, run: &Run, group: &str) -> Option<u64> {
        let phone = run.phone();
        let since = self.forgotten_maybe.get(phone).copied().unwrap_or_default();
        let last = self
            .changes
            .iter()
            .rfind(|it| it.phone == phone && it.group == group && it.at <= run.began)?;
        let Cause::Left(connection) = last.cause else { return None };
        let leaver = self
            .runs
            .iter()
            .find(|it| it.instance == run.instance && it.seen.connections.contains(&connection))?;
        let is_unheard = !leaver.told(group) && leaver.number != run.number;
        // A row, or an answer about its members, which wrote one before the stanza.
        let had_evidence = (leaver.rows.contains(group) || leaver.looked_at.contains(group))
            && leaver.groups.iter().any(|it| it == group)
            // Its answer is the community's.
            && !leaver.groups.iter().any(|it| it != group && leaver.along(it).contains(&group));
        let is_young = self.counts_still(leaver, run, group);
        let is_settled = self.runs.iter().any(|other| {
            other.number != leaver.number
                && other.number != run.number
                && other.instance == run.instance
                && other.names(group)
                && other.ended >= leaver.began
                && other.began <= run.ended
                // Nobody settles what was done after it had connected: whoever has the lease
                // then is another.
                && other.seen.connections.iter().any(|its| *its > connection)
                // Who was told, and who crashed after it was settled.
                && (other.told(group) || other.has_trouble || other.seen.is_disturbed)
        });
        // A run that crashed or lost its settling's reply may have settled all the same.
        let may_have_settled = leaver.has_trouble || leaver.seen.is_disturbed;
        (is_unheard
            && had_evidence
            && is_young
            && leaver.began >= since
            && !is_settled
            && !may_have_settled)
            .then_some(leaver.number)
    }

    /// Whether a ban or throttling was remembered meanwhile: an open leave counts from its end.
    fn was_blocked_between(&self, earlier: &Run, run: &Run) -> bool {
        // Told as "did not confirm" where an earlier leave is open, too.
        let said = self.scripts.iter().any(|script| {
            matches!(script.refuses, Refuses::ForAWhile | Refuses::Banned)
                && script.rested >= earlier.began
                && script.began <= run.ended
        });
        said || self.runs.iter().any(|other| {
            other.instance == run.instance
                && other.ended >= earlier.began
                && other.began <= run.ended
                && matches!(&other.answer, Some(Answer::Told(told))
                    if told.messages.iter().any(|it| it.starts_with("WhatsApp rate limit")
                        || it.starts_with("Instance is temporarily banned")))
        })
    }

    /// Whether a leave counts for certain: from the last stanza that its intent covered, or
    /// from the end of a block that was remembered meanwhile.
    fn counts_still(&self, leaver: &Run, run: &Run, group: &str) -> bool {
        let later = self.runs.iter().filter(|other| {
            other.instance == run.instance
                && other.number >= leaver.number
                && other.number < run.number
        });
        later.clone().any(|other| {
            let covers = other.number == leaver.number
                || (other.sent.contains(group) && other.lost(group) && other.is_plain());
            covers && Self::between(other, run) < DAY - MARGIN
        }) || later.clone().any(|other| {
            // Few enough are open that each was postponed.
            let is_certain = other.is_plain()
                && !self.is_crossed(other)
                && !self.crowded.contains(&run.instance)
                && !other.seen.connections.is_empty()
                // It was open still.
                && Self::between(leaver, other) < DAY - MARGIN;
            let ends = other.blocked_for().filter(|_| is_certain && other.number > leaver.number);
            ends.is_some_and(|wait| Self::since(other, run) - wait < DAY - MARGIN)
        })
    }

    /// Whether somebody took a lease of the run's before it gave it back.
    fn is_taken_over(&self, run: &Run) -> bool {
        run.leases.iter().any(|lease| self.taken_over.contains(&lease.owner))
    }

    /// Whether the group was left by a run that has connected after this one: then that one has
    /// the lease, and this one cannot say what became of the group.
    pub(super) fn is_fenced_off(&self, run: &Run, group: &str) -> bool {
        let last = self.changes.iter().rfind(|it| {
            it.phone == run.phone() && it.group == group && it.at <= run.ended && it.at >= run.began
        });
        let Some(Cause::Left(by)) = last.map(|change| change.cause) else { return false };
        if !self.is_taken_over(run) {
            return false;
        }
        let newest = run.seen.connections.iter().max();
        newest.is_some_and(|newest| *newest < by) && !run.is_queued
    }
}
