//! Rate limits: never more than its number in a token's window, and no refusal while there
//! is room.

use super::answer::Window;
use super::run::Run;
use super::{A_WINDOW, State, Wrong};

/// How often the SDK may count one request whose reply was lost.
const TRIES: u64 = 4;
/// What clocks that are off may differ, and a window, in seconds.
const APART: u64 = 60 + 90 + 30;

impl State {
    /// Whether a request was let in, or refused, as its token's window has it.
    pub(super) fn judged_by_limit(&self, run: &Run) -> Option<Wrong> {
        let told = run.answer.as_ref()?.told()?;
        let carried = run.carried.as_ref()?;
        let wrong = |label, what: String| Some(Wrong { label, what });
        let is_before = ["Invalid token", "Service is temporarily"];
        let message = told.messages.first()?;
        let Some(window) = told.window else {
            let may_be = is_before.iter().any(|it| message.starts_with(it));
            return if may_be { None } else { wrong("limit", format!("nothing of it: {message}")) };
        };
        let again = self.runs.iter().find(|other| {
            other.number != run.number
                && other.is_counted_like(run)
                && other.began >= self.set_back
                && !self.is_torn(run, other.began)
                && other
                    .window()
                    .is_some_and(|it| it.reset == window.reset && it.remaining == window.remaining)
        });
        if let Some(other) = again.filter(|_| run.is_counted_like(run)) {
            return wrong("limit", format!("{window:?}, as run {}", other.number));
        }
        if window.limit != carried.limit || window.remaining >= window.limit {
            return wrong("limit", format!("{window:?} of {}", carried.limit));
        }
        if run.is_rate_limited() {
            // Whoever may have been counted in it: a request whose answer nobody has, and each
            // repetition of a call that met trouble.
            let counted: u64 = self
                .runs
                .iter()
                .filter(|other| other.secret() == run.secret())
                // Itself was refused; a repetition of its own call was not the first.
                .filter(|other| other.number != run.number || !run.seen.met.is_empty())
                .filter(|other| other.number == run.number || other.may_count_in(window.reset))
                .map(|other| if other.seen.met.is_empty() { 1 } else { TRIES })
                .sum();
            if counted < window.limit {
                return wrong("429-early", format!("{counted} of {}", window.limit));
            }
            return None;
        }
        let same = self.runs.iter().filter(|other| {
            other.secret() == run.secret()
                && other.began >= self.set_back
                && !self.is_torn(run, other.began)
                && other.reset() == Some(window.reset)
                && !other.is_rate_limited()
        });
        let let_in = u64::try_from(same.count()).unwrap_or(u64::MAX);
        if let_in > window.limit {
            return wrong("let-in-more", format!("{let_in} of {}", window.limit));
        }
        None
    }

    /// Whether clocks went on by windows while a request with the token was under way: what is
    /// counted late is in a window that is long over then, and clears the later ones.
    fn is_torn(&self, run: &Run, since: u64) -> bool {
        self.runs.iter().any(|other| {
            let moved = if other.ended == u64::MAX { self.moved } else { other.moved_ended };
            let by = u64::try_from(moved - other.moved_began).unwrap_or_default();
            other.ended >= since && by > A_WINDOW && other.secret() == run.secret()
        })
    }
}

impl Run {
    fn secret(&self) -> Option<&str> {
        self.carried.as_ref().map(|it| it.secret.as_str())
    }

    fn is_rate_limited(&self) -> bool {
        let told = self.answer.as_ref().and_then(|it| it.told());
        told.is_some_and(|told| {
            told.messages.iter().any(|it| it.starts_with("Rate limit exceeded"))
        })
    }

    fn window(&self) -> Option<Window> {
        self.answer.as_ref()?.told()?.window
    }

    /// Whether both were counted once, for one token.
    fn is_counted_like(&self, other: &Self) -> bool {
        // By one clock, which nobody moved in between.
        let is_alike = self.moved_began == other.moved_began && self.is_plain();
        !self.is_rate_limited()
            && is_alike
            && self.seen.machine == other.seen.machine
            && self.secret() == other.secret()
    }

    /// When the window ends that it was counted in, as its answer says.
    fn reset(&self) -> Option<u64> {
        Some(self.window()?.reset)
    }

    /// Whether it may have been counted in the window that ends then.
    fn may_count_in(&self, reset: u64) -> bool {
        match self.reset() {
            Some(of_it) => of_it == reset && !self.is_rate_limited() || !self.seen.met.is_empty(),
            None => (self.world_began / 1_000).abs_diff(reset) <= APART + 60,
        }
    }
}
