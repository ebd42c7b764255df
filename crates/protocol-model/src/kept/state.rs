//! Everything that the model of kept answers remembers. What only the properties
//! know is in `State::first`, `State::broken` and `Run::seen`.

use crate::lease::{self, Lease, RunId};
use crate::promise::Broken;

/// The groups.
pub(crate) const GROUPS: usize = 2;
/// Requests; the one after them is the undisturbed one.
pub(crate) const RUNS: usize = 3;
/// The undisturbed request.
pub(crate) const CLOSING: RunId = RUNS;
/// How long an answer is kept, in half days.
pub(crate) const LIFE: u8 = 2;
/// The last half day.
pub(crate) const LAST: u8 = 3;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// Row 23.
    Left,
    /// Rows 13 and 14.
    NotMember,
    /// Row 15.
    NotAllowed,
    /// Row 24.
    OtherRequest,
    /// Row 12.
    NotConnected,
    /// Rows 16 to 21.
    Unavailable,
}

impl Answer {
    /// Whether it may be kept.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Left | Self::NotMember | Self::NotAllowed)
    }

    /// Whether another try may hear something else.
    pub(crate) fn is_retryable(self) -> bool {
        matches!(self, Self::NotConnected | Self::Unavailable)
    }
}

/// An answer that is kept for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Kept {
    /// The group that was asked for.
    pub(crate) group: usize,
    /// What was answered.
    pub(crate) answer: Answer,
    /// When.
    pub(crate) at: u8,
}

/// What a run found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// WhatsApp says that we left.
    Confirmed,
    /// Out, an earlier run tried, and there is evidence.
    Recovered,
    /// Not in the group.
    NotMember,
    /// WhatsApp does not let us leave.
    Refused,
    /// It may have been sent, and nobody knows.
    Open,
    /// Nothing was sent, and this is why.
    NotSent(Answer),
    /// Nothing was sent: an answer is kept.
    Replayed(Answer),
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Not asked for yet.
    Idle,
    /// No answer was kept; it waits for the lease.
    Waiting,
    /// Has the lease.
    Leased,
    /// Read again that no answer is kept.
    Ready,
    /// Knows its verdict.
    Settling(Verdict),
    /// Settled, with the answer still to be kept: only when that rule is broken.
    Keeping(Answer),
    /// Answered, or stopped.
    Done,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// The group that it asks for.
    pub(crate) group: usize,
    /// Whether its lease has time left.
    pub(crate) has_time: bool,
    /// An earlier run's intent stood.
    pub(crate) earlier: bool,
    /// For the properties: the first answer that was settled before it looked.
    pub(crate) seen: Option<Kept>,
}

impl Run {
    pub(crate) const IDLE: Self =
        Self { stage: Stage::Idle, group: 0, has_time: false, earlier: false, seen: None };

    /// Whether it is at work.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done)
    }
}

/// One group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// We are in it.
    pub(crate) is_member: bool,
    /// The roster's row.
    pub(crate) row: bool,
    /// Whose intent stands.
    pub(crate) intent: Option<RunId>,
}

/// How often the world may still disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Runs that stop anywhere.
    pub crashes: u8,
    /// What gets lost.
    pub losses: u8,
    /// Targets that WhatsApp refuses.
    pub refusals: u8,
    /// Logouts of the device.
    pub logouts: u8,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The time, in half days.
    pub(crate) now: u8,
    /// The groups.
    pub(crate) groups: [Group; GROUPS],
    /// The answer that is kept for the key. It stays past its end.
    pub(crate) kept: Option<Kept>,
    /// The device is linked, as far as the session knows.
    pub(crate) is_connected: bool,
    /// The session's lease.
    pub(crate) lease: Option<Lease>,
    /// The requests; the last is the undisturbed one.
    pub(crate) runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// The undisturbed requests are over too.
    pub(crate) is_over: bool,
    /// For the properties: the first final answer that was settled.
    pub(crate) first: Option<Kept>,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
}

impl State {
    pub(crate) fn new(members: [bool; GROUPS], budget: Budget) -> Self {
        Self {
            now: 0,
            groups: members.map(|is_member| Group { is_member, row: is_member, intent: None }),
            kept: None,
            is_connected: true,
            lease: None,
            runs: [Run::IDLE; RUNS + 1],
            budget,
            is_over: false,
            first: None,
            broken: Broken::NONE,
        }
    }

    /// The end of every path on which `broken` was broken.
    pub(crate) fn over(broken: Broken) -> Self {
        let nothing = Budget { crashes: 0, losses: 0, refusals: 0, logouts: 0 };
        Self { is_over: true, broken, ..Self::new([false; GROUPS], nothing) }
    }

    /// Whether an answer has not come to its end.
    pub(crate) fn lasts(&self, kept: Kept) -> bool {
        self.now < kept.at + LIFE
    }

    /// The first answer, while it has not come to its end.
    pub(crate) fn first(&self) -> Option<Kept> {
        self.first.filter(|first| self.lasts(*first))
    }

    /// Whether nobody is at work.
    pub(crate) fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub(crate) fn is_leased_to(&self, run: RunId) -> bool {
        lease::is_held_by(self.lease, run)
    }
}
