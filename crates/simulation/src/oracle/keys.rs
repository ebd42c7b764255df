//! Idempotency keys: the first settled answer to a key is kept for 24 hours and given again,
//! byte for byte; the same key for another identifier is 422.

use domain::identifier::Identifier;

use super::answer::Told;
use super::run::Run;
use super::{Answer, State, Wrong};

/// How long an answer is kept, in milliseconds, and how far clocks that are off may differ.
const KEPT: i64 = 24 * 60 * 60 * 1_000;
const MARGIN: i64 = 10 * 60 * 1_000;

impl State {
    /// Whether a request with a key got what its key was to get.
    pub(crate) fn judged_by_key(&self, run: &Run) -> Option<Wrong> {
        let key = run.key?;
        let Some(Answer::Told(Told { statuses, body, replayed, messages, .. })) = &run.answer
        else {
            return None;
        };
        let (status, identifier) = (*statuses.first()?, parsed(run)?);
        let since = self.forgotten_before(run);
        let surely = self.forgotten_maybe.get(run.phone()).copied().unwrap_or_default();
        let earlier: Vec<&Run> = self
            .runs
            .iter()
            .filter(|other| {
                other.number != run.number
                    && other.instance == run.instance
                    && other.key == Some(key)
                    && other.ended >= since
                    && other.began <= run.ended
                    && Self::at_least(other, run) <= KEPT + MARGIN
            })
            .collect();
        let wrong = |label, what: &str| {
            Some(Wrong { label, what: format!("run {}: {what}; {run:?}", run.number) })
        };
        if *replayed {
            let is_same = |other: &&&Run| {
                matches!(&other.answer, Some(Answer::Told(told)) if told.body == *body)
                    || other.is_lost()
                    // Settled, and told as unknown because the settling's reply was lost.
                    || other.seen.is_disturbed
                    || other.has_trouble
            };
            let same = earlier.iter().filter(|other| parsed(other).as_ref() == Some(&identifier));
            return if same.clone().any(|other| is_same(&other)) {
                None
            } else {
                wrong("key-differs", "an answer that nobody was given")
            };
        }
        if status == 422 {
            let is_other = |other: &&Run| parsed(other).is_some_and(|it| it != identifier);
            return if earlier.iter().any(is_other) {
                None
            } else {
                wrong("key-other", "422 for a key that had no other request")
            };
        }
        // Before the key is looked at, or without it being reached.
        let is_before = messages.first().is_some_and(|it| it.starts_with("Instance"));
        if matches!(status, 429 | 401 | 503 | 500) || is_before || run.seen.is_disturbed {
            return None;
        }
        let at_once = earlier.iter().find(|other| {
            other.ended > run.began
                && other.ended <= run.ended
                && other.began >= surely
                && other.is_certain()
                && other.is_plain()
                && run.is_certain()
                && run.is_plain()
                && parsed(other).as_ref() == Some(&identifier)
        });
        if at_once.is_some_and(|other| !self.is_crossed_by_a_third(run, other)) {
            return wrong("key-at-once", "two were carried out at once");
        }
        let kept = earlier.iter().find(|other| {
            other.ended < run.began
                && other.ended >= surely
                && other.is_certain()
                && !self.is_crossed(other)
                // Kept from some moment of its run on, by whichever clock that had then.
                && Self::between(other, run) < KEPT - MARGIN
                && Self::since(other, run) >= 0
        })?;
        if parsed(kept)? == identifier {
            wrong("key-lost", "a kept answer was not given again")
        } else {
            wrong("key-unheard", "the same key for another identifier is no 422")
        }
    }
}

impl State {
    /// Whether anybody else was at the instance while either of two runs was under way.
    fn is_crossed_by_a_third(&self, run: &Run, other: &Run) -> bool {
        let (began, ended) = (run.began.min(other.began), run.ended.max(other.ended));
        self.runs.iter().any(|it| {
            it.instance == run.instance
                && it.number != run.number
                && it.number != other.number
                && it.began < ended
                && it.ended > began
        }) || self.visits.iter().any(|visit| {
            visit.instance == run.instance && visit.began < ended && visit.ended > began
        })
    }
}

fn parsed(run: &Run) -> Option<Identifier> {
    Identifier::parse(run.identifiers.first()?).ok()
}

impl Run {
    /// Whether its answer was settled and kept, and nothing hid that.
    fn is_certain(&self) -> bool {
        let Some(Answer::Told(Told { statuses, messages, replayed: false, .. })) = &self.answer
        else {
            return false;
        };
        let is_kept = match (statuses.first(), messages.first()) {
            (Some(200), _) => true,
            (Some(403 | 404), Some(message)) => !message.starts_with("Instance"),
            _ => false,
        };
        is_kept && self.seen.met.is_empty() && !self.has_trouble
    }
}
