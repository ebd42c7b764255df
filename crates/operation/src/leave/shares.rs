//! How a run's time is shared out: one silence must not eat the time of everything
//! after it, and no stanza goes out without time in which its reply can come.

use std::time::Duration;

use domain::broken;
use domain::clock::Budget;

/// Kept back of a run's time for the reply to a stanza, at most a quarter of it.
const REPLY: Duration = Duration::from_secs(3);
/// What one question may take, however many are to come.
const QUESTION: Duration = Duration::from_secs(2);
/// What one portion of a long order may take, however many are to come.
const PORTION: Duration = Duration::from_secs(8);

/// The time of the next of `left` portions of an order.
pub(super) fn portion(budget: Budget, left: usize) -> Budget {
    share(budget, left, PORTION)
}

/// An equal share, or `least` where that is more.
fn share(budget: Budget, left: usize, least: Duration) -> Budget {
    let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
    budget.at_most((budget.remaining() / left).max(least))
}

/// One run's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    run: Budget,
    /// Ends where the reply's time begins.
    questions: Budget,
    reply: Duration,
}

impl Shares {
    /// Out of a visit's time.
    pub(super) fn of(run: Budget) -> Self {
        let reply = REPLY.min(run.remaining() / 4);
        Self { run, questions: run.keeping(reply), reply }
    }

    /// The whole run, without what settling needs.
    pub(super) fn run(&self) -> Budget {
        self.run
    }

    /// What connecting, logging in and reading may take: time for a question is kept, at
    /// most a quarter of what comes before the reply's.
    pub(super) fn connect(&self) -> Budget {
        self.questions.keeping(QUESTION.min(self.questions.remaining() / 4))
    }

    /// The next of `left` questions before a stanza; `None` when there is no time for
    /// one.
    pub(super) fn question(&self, left: usize) -> Option<Budget> {
        (!self.questions.remaining().is_zero()).then(|| share(self.questions, left, QUESTION))
    }

    /// The next of `left` stanzas, until the reply to it is given up; `None` when
    /// the reply could hardly come.
    pub(super) fn stanza(&self, left: usize) -> Option<Budget> {
        broken!(ReplyHasTime => return Some(share(self.run, left, self.reply)));
        let remaining = self.run.remaining();
        // Questions may have taken their time to the last moment.
        if remaining.is_zero() || remaining < self.reply / 2 {
            return None;
        }
        Some(share(self.run, left, self.reply))
    }

    /// The next of `left` questions after a reply.
    pub(super) fn afterwards(&self, left: usize) -> Budget {
        share(self.run, left, QUESTION)
    }
}
