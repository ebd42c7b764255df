//! Whether an answer was true: the rules of `docs/contract.md`, Truth, over what is known of
//! every run and every change of a membership.

use std::collections::BTreeSet;

use super::answer::Told;
use super::run::{Run, is_jid, is_unconfirmed};
use super::{Answer, Cause, Change, State, Wrong};
use crate::world::NOWHERE;

impl State {
    /// How far the world's clock went from when a run began to when another ended.
    pub(crate) fn between(from: &Run, to: &Run) -> i64 {
        let elapsed = i64::try_from(to.ended.saturating_sub(from.began)).unwrap_or(i64::MAX);
        elapsed.saturating_add(to.moved_ended - from.moved_began)
    }

    /// How far it went from when a run was answered to when another was.
    pub(crate) fn since(from: &Run, to: &Run) -> i64 {
        let elapsed = i64::try_from(to.ended.saturating_sub(from.ended)).unwrap_or(i64::MAX);
        elapsed.saturating_add(to.moved_ended - from.moved_ended)
    }

    /// How far it went at least from when a run was answered to when another looked at what
    /// that had left: clocks may have moved since.
    pub(super) fn at_least(from: &Run, to: &Run) -> i64 {
        let elapsed = i64::try_from(to.began.saturating_sub(from.ended)).unwrap_or(i64::MAX);
        elapsed.saturating_add(to.moved_began.min(to.moved_ended) - from.moved_ended)
    }

    /// Membership at a moment: all are in at the beginning.
    fn is_in(&self, phone: &str, group: &str, at: u64) -> bool {
        let last =
            self.changes.iter().rfind(|it| it.at <= at && it.phone == phone && it.group == group);
        last.is_none_or(|change| change.cause == Cause::Joined) && !group.starts_with(NOWHERE)
    }

    fn changes_within<'a>(
        &'a self,
        phone: &'a str,
        group: &'a str,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = &'a Change> {
        let all = self.changes.iter();
        all.filter(move |it| it.phone == phone && it.group == group && it.at >= from && it.at <= to)
    }

    fn was_out(&self, phone: &str, group: &str, from: u64, to: u64) -> bool {
        !self.is_in(phone, group, from)
            || self
                .changes_within(phone, group, from, to)
                .any(|change| change.cause != Cause::Joined)
    }

    fn was_in(&self, phone: &str, group: &str, from: u64, to: u64) -> bool {
        self.is_in(phone, group, from)
            || self
                .changes_within(phone, group, from, to)
                .any(|change| change.cause == Cause::Joined)
    }

    /// Whether this run left the group, and not as one that goes with its community.
    fn left_by(&self, run: &Run, group: &str) -> bool {
        let goes_along =
            run.groups.iter().any(|asked| asked != group && run.along(asked).contains(&group));
        if goes_along {
            return false;
        }
        self.changes_within(run.phone(), group, run.began, u64::MAX).any(|change| {
            matches!(change.cause, Cause::Left(connection) if run.seen.connections.contains(&connection))
        })
    }

    /// Since when the instance's name had begun anew for certain when a run began.
    pub(super) fn forgotten_before(&self, run: &Run) -> u64 {
        let forgotten = self.forgotten.get(run.phone()).copied();
        forgotten.filter(|at| *at <= run.began).unwrap_or_default()
    }

    /// Whether another run of the instance was under way at the same time. One that begins when
    /// another has ended does so at the same millisecond.
    pub(crate) fn is_crossed(&self, run: &Run) -> bool {
        self.runs.iter().any(|other| {
            other.number != run.number
                && other.instance == run.instance
                && other.began < run.ended
                && other.ended > run.began
        }) || self.visits.iter().any(|visit| {
            visit.instance == run.instance && visit.began < run.ended && visit.ended > run.began
        })
    }

    pub(crate) fn judged(&mut self, run: &Run) -> Option<Wrong> {
        let wrong = |label, what: String| {
            Some(Wrong { label, what: format!("run {}: {what}; {run:?}", run.number) })
        };
        let own = |change: &&Change| {
            matches!(change.cause, Cause::Left(connection) if run.seen.connections.contains(&connection))
                && change.phone == run.phone()
        };
        let asked: Vec<&str> = run.groups.iter().flat_map(|group| run.along(group)).collect();
        if let Some(other) =
            self.changes.iter().filter(own).find(|it| !asked.contains(&it.group.as_str()))
        {
            return wrong("not-asked", other.group.clone());
        }
        let Some(Answer::Told(Told { statuses, messages, waits, replayed, jids, .. })) =
            &run.answer
        else {
            return match &run.answer {
                Some(Answer::Failed(error)) => wrong("failed", error.clone()),
                _ => None,
            };
        };
        let mut excused = BTreeSet::new();
        if statuses.len() != run.groups.len() {
            return wrong("results", format!("{} for {}", statuses.len(), run.groups.len()));
        }
        let (phone, began, ended) = (run.phone(), run.began, run.ended);
        for (at, (((group, status), message), text)) in
            run.groups.iter().zip(statuses).zip(messages).zip(&run.identifiers).enumerate()
        {
            let what = || format!("{group} {status} {message}");
            let named = jids.get(at).cloned().flatten();
            if !run.is_queued && named.as_ref() != (*status == 200).then_some(group) {
                return wrong("group-jid", format!("{} names {named:?}", what()));
            }
            // An invite that could not be looked up led to no group yet.
            let same = run.groups.iter().zip(&run.identifiers).zip(statuses);
            let mut same = same.filter(|((_, text), _)| is_jid(text));
            let by_jid = run
                .identifiers
                .iter()
                .zip(&run.groups)
                .any(|(text, it)| it == group && is_jid(text));
            let leads_nowhere = !matches!(
                (*status, message.split(' ').next()),
                (200, _) | (403, Some("Not")) | (404, Some("Group"))
            );
            let may_differ = leads_nowhere && !is_jid(text);
            if by_jid
                && !may_differ
                && same.any(|((other, _), told)| other == group && told != status)
            {
                return wrong("twice", what());
            }
            if *replayed {
                if leads_nowhere && !message.starts_with("Invite link") {
                    return wrong("key-kind", what());
                }
                continue;
            }
            let wait = waits.get(at).copied().flatten();
            let refused = Self::judged_wait(run, message, wait)
                .or_else(|| self.judged_refusal(run, at, (*status, message)));
            if let Some(refused) = refused {
                return wrong(refused.label, refused.what);
            }
            match (*status, message.as_str()) {
                (200, _) => {
                    if !self.was_out(phone, group, began, ended) {
                        return wrong("200-in", what());
                    }
                    let is_ours =
                        self.changes_within(phone, group, began, u64::MAX).any(|it| own(&it));
                    // The line says that this very run did it.
                    if run.name(at) == "left" && !is_ours {
                        return wrong("200-named", what());
                    }
                    if !is_ours && !self.has_lost_before(run, group) {
                        return wrong("200-other", what());
                    }
                    let is_known = run.maybe_evidence.contains(group)
                        || self.is_crossed(run)
                        || run.moved_began != run.moved_ended;
                    if run.name(at) == "recovered" && !is_known && !is_ours {
                        return wrong("200-unknown", what());
                    }
                    let last = self
                        .changes
                        .iter()
                        .rfind(|it| it.phone == phone && it.group == *group && it.at <= ended);
                    if last.is_some_and(|change| change.cause == Cause::Removed) {
                        excused.insert("200: somebody else removed us while our outcome was lost");
                    }
                }
                (404, message) if message.starts_with("Group not found") => {
                    if !self.was_out(phone, group, began, ended) {
                        return wrong("404-in", what());
                    }
                    if self.left_by(run, group) {
                        return wrong("404-left-now", what());
                    }
                    if self.is_fenced_off(run, group) {
                        return wrong("404-fenced", what());
                    }
                    if let Some(earlier) = self.lost_leave(run, group) {
                        return wrong("404-lost", format!("{}, left by run {earlier}", what()));
                    }
                    // The retry rule: it was left by us, or nobody can tell otherwise.
                    let is_certain = !self.is_crossed(run) && run.moved_began == run.moved_ended;
                    if run.evidence.contains(group) && is_certain {
                        return wrong("404-own", what());
                    }
                }
                (403, message) if message.starts_with("Not allowed") => {
                    if !self.was_in(phone, group, began, ended) {
                        return wrong("403-out", what());
                    }
                    if self.left_by(run, group) {
                        return wrong("left-and-refused", what());
                    }
                }
                (503, message) if is_unconfirmed(message) => {
                    let was_sent = run.sent.contains(group);
                    // Another run of the session may have thrown this one out with its stanza
                    // under way.
                    let may_be = run.has_trouble || self.is_crossed(run)
                        // A denial that could not be settled is told so too.
                        || !run.seen.met.is_empty()
                        // The connection ended with the stanza under way.
                        || self.facts(run.instance).works.was(false, began, ended);
                    if !was_sent && !may_be && !self.has_lost_before(run, group) {
                        return wrong("20-nothing-sent", what());
                    }
                    if !was_sent {
                        excused.insert("did not confirm: nothing of this run was sent");
                    }
                }
                (500, _) => return wrong("500", what()),
                _ => {
                    // Named otherwise, it may have been left by this very run.
                    if is_jid(text) && self.left_by(run, group) {
                        return wrong("left-and-refused", what());
                    }
                }
            }
        }
        for excuse in excused {
            self.coverage.excuse(excuse);
        }
        None
    }
}
