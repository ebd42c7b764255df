//! Whether a refusal was right: each has its reason in the world, or is false.

use super::run::{Run, is_jid};
use super::timeline::Timeline;
use super::waits::{LONGEST_BAN, LONGEST_LEASE, LONGEST_THROTTLE, SET_BACK};
use super::{Script, State, Wrong};
use crate::steps::{Bearer, Refuses};
use crate::world::{ANNOUNCEMENT, COMMUNITY};

/// What clocks that are off differ by, in milliseconds.
const MARGIN: i64 = 10 * 60 * 1_000;
/// How long an environment may believe what it knows of a token, in milliseconds.
const BELIEVED: u64 = 5_000;

/// Nothing where an answer is right, and what is wrong with it otherwise.
pub(super) fn unless(
    is_right: bool,
    label: &'static str,
    what: impl FnOnce() -> String,
) -> Option<Wrong> {
    (!is_right).then(|| Wrong { label, what: what() })
}

impl State {
    /// Whether whoever carries this token was let in, or kept out, as they should be.
    pub(super) fn judged_by_bearer(run: &Run) -> Option<Wrong> {
        let (told, carried) = (run.answer.as_ref()?.told()?, run.carried.as_ref()?);
        let (status, message) = (*told.statuses.first()?, told.messages.first()?);
        let what = || format!("{:?} {carried:?}: {status} {message}", run.bearer);
        // Row 21, and a window that is full, come before anything is known of a request.
        let is_other = message.starts_with("Service is temporarily")
            || message.starts_with("Rate limit exceeded");
        let is_revoked = carried.revoked.is_some_and(|at| run.began > at.saturating_add(BELIEVED));
        let refused = message == "Invalid token";
        let is_right = match run.bearer {
            _ if is_other => true,
            Bearer::Account => !refused,
            Bearer::Own => !refused || carried.is_doubtful || run.token_changed,
            Bearer::Former if carried.revoked.is_some() => refused || !is_revoked,
            Bearer::Neighbour if carried.limit > 0 && run.has_neighbour => {
                message.starts_with("Instance token does not match")
                    || (refused && (carried.is_doubtful || run.token_changed))
            }
            Bearer::Former | Bearer::Neighbour | Bearer::Nobody => refused,
        };
        unless(is_right, "token", what)
    }

    /// Whether whoever asked while the instance was being deleted heard that there is none.
    pub(super) fn judged_by_deletion(&self, run: &Run) -> Option<Wrong> {
        let told = run.answer.as_ref()?.told()?;
        let visited = self.visits.iter().any(|visit| {
            visit.instance == run.instance && visit.began <= run.ended && visit.ended >= run.began
        });
        if !run.was_deleting || visited {
            return None;
        }
        // What is told before the instance is looked at, and what hides it.
        let before = [
            "Instance not found",
            "Invalid token",
            "Rate limit exceeded",
            "Instance token does not match",
            "Service is temporarily",
        ];
        let told = told.messages.iter();
        let strange = told.clone().find(|told| !before.iter().any(|it| told.starts_with(it)))?;
        Some(Wrong { label: "deleting", what: format!("{strange}; {run:?}") })
    }

    /// Whether one result that is no 200 and no "not a member" has its reason.
    pub(super) fn judged_refusal(
        &self,
        run: &Run,
        at: usize,
        (status, message): (u16, &str),
    ) -> Option<Wrong> {
        let (group, text) = (run.groups.get(at)?, run.identifiers.get(at)?);
        let facts = self.facts(run.instance);
        let what = || format!("{group} {status} {message}");
        let only = |timeline: &Timeline<bool>| timeline.was_only(true, run.began, run.ended);
        match status {
            400 if message.starts_with("Instance is not connected") => {
                unless(!only(&facts.works), "400-linked", what)
            }
            404 if message.starts_with("Instance not found") => {
                unless(!only(&facts.exists), "404-instance", what)
            }
            404 if message.starts_with("Invite link") => {
                let is_right = !is_jid(text) && self.revoked.contains(group);
                unless(is_right, "404-invite", what)
            }
            403 if message.starts_with("Not allowed") => {
                let is_owner = group == COMMUNITY && facts.owns.was(true, run.began, run.ended);
                let is_right =
                    group == ANNOUNCEMENT || is_owner || self.has_refused(run, &[Refuses::Request]);
                unless(is_right, "403-free", what)
            }
            429 if message.starts_with("WhatsApp rate") => {
                let cap = i64::try_from((LONGEST_THROTTLE + SET_BACK) * 1_000).unwrap_or(i64::MAX);
                let is_right = self.has_said(run, Refuses::ForAWhile, cap);
                unless(is_right, "429-free", what)
            }
            503 if message.starts_with("Instance is temporarily banned") => {
                let cap = i64::try_from((LONGEST_BAN + SET_BACK) * 1_000).unwrap_or(i64::MAX);
                unless(self.has_said(run, Refuses::Banned, cap), "ban-free", what)
            }
            503 if message.starts_with("Too many leaves") => {
                unless(self.crowded.contains(&run.instance), "25-free", what)
            }
            503 if message.starts_with("Instance is busy") => {
                // It may be its own, which a lost reply hides from it, or that it stood still.
                let is_right = self.has_company(run) || !run.seen.met.is_empty() || run.has_trouble;
                unless(is_right, "busy-free", what)
            }
            503 if message.starts_with("WhatsApp is unavailable") => {
                let is_right = self.is_disturbed(run) || self.has_any_script(run);
                unless(is_right, "19-free", what)
            }
            503 if message.starts_with("Service is temporarily") => {
                unless(self.is_disturbed(run), "21-free", what)
            }
            _ => None,
        }
    }

    /// Whether anything may have kept the run from its end.
    fn is_disturbed(&self, run: &Run) -> bool {
        !run.seen.met.is_empty()
            || run.has_trouble
            || run.is_short
            || run.moved_began != run.moved_ended
            || self.is_crossed(run)
    }

    /// Whether WhatsApp was to refuse so while the run was under way.
    fn has_refused(&self, run: &Run, how: &[Refuses]) -> bool {
        self.scripts_beside(run).any(|script| how.contains(&script.refuses))
    }

    /// Whether WhatsApp was to be odd in any way while the run was under way.
    pub(super) fn has_any_script(&self, run: &Run) -> bool {
        self.scripts_beside(run).next().is_some()
    }

    pub(super) fn scripts_beside(&self, run: &Run) -> impl Iterator<Item = &Script> {
        let (began, ended) = (run.began, run.ended);
        self.scripts.iter().filter(move |it| it.began <= ended && it.rested >= began)
    }

    /// Whether WhatsApp was to say so to anybody, so lately that it counts.
    fn has_said(&self, run: &Run, what: Refuses, cap: i64) -> bool {
        self.scripts.iter().any(|script| {
            // It may have been said at any moment until it was forgotten, and clocks may have
            // moved since it was seen to count.
            let since = i64::try_from(run.began.saturating_sub(script.rested)).unwrap_or(i64::MAX);
            let moved = run.moved_began.min(run.moved_ended);
            let since = since.saturating_add(moved - script.moved);
            script.began <= run.ended
                && script.refuses == what
                && since <= cap.saturating_add(MARGIN)
        })
    }

    /// Whether anybody may have held the session: at the same time, or one that never gave
    /// its lease back.
    fn has_company(&self, run: &Run) -> bool {
        let moved = i64::try_from(LONGEST_LEASE * 1_000).unwrap_or_default() + MARGIN;
        self.is_crossed(run)
            || self.runs.iter().any(|other| {
                other.instance == run.instance
                    && other.number < run.number
                    && (!other.seen.met.is_empty() || other.has_trouble || other.is_lost())
                    && Self::at_least(other, run) <= moved
            })
            || self.visits.iter().any(|visit| {
                visit.instance == run.instance
                    && visit.began <= run.ended
                    && visit.ended.saturating_add(LONGEST_LEASE * 2_000) >= run.began
            })
    }
}
