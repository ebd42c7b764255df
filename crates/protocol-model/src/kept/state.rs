//! Everything that the model of kept answers remembers. What only the properties
//! know is in [`State::first`], [`State::broken`] and [`Run::seen`].

use crate::broken::Broken;

/// The groups.
pub const GROUPS: usize = 2;
/// Requests; the one after them is the undisturbed one.
pub const RUNS: usize = 3;
/// The undisturbed request.
pub const CLOSING: RunId = RUNS;
/// How long an answer is kept, in half days.
pub const LIFE: u8 = 2;
/// The last half day.
pub const LAST: u8 = 3;

/// A request and its run.
pub type RunId = usize;

/// What became of a call to DynamoDB.
pub use crate::one_group::actions::Delivery;

/// What WhatsApp makes of a leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It does it, or says that we are not in the group.
    Done,
    /// It does it, and the reply is lost.
    DoneUnheard,
    /// The leave is lost.
    Lost,
    /// It refuses.
    Refused,
    /// The device was logged out; nothing was sent.
    LoggedOut,
    /// Something fails before anything was sent.
    Failed,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A request for a group comes in and reads the kept answer.
    Begin(RunId, usize),
    /// It takes the lease and writes its intent.
    Acquire(RunId),
    /// It reads the kept answer again.
    ReadAgain(RunId),
    /// It leaves the group.
    Leave(RunId, Reply),
    /// It settles, releases and answers.
    Settle(RunId, Delivery),
    /// It keeps the answer after the settling: only when that rule is broken.
    Keep(RunId),
    /// It stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// The device is linked again.
    Relink,
    /// Half a day passes.
    HalfDay,
    /// All is quiet: both groups are asked for again, undisturbed.
    AskAgain,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
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
    pub fn is_final(self) -> bool {
        matches!(self, Self::Left | Self::NotMember | Self::NotAllowed)
    }

    /// Whether another try may hear something else.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::NotConnected | Self::Unavailable)
    }
}

/// An answer that is kept for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kept {
    /// The group that was asked for.
    pub group: usize,
    /// What was answered.
    pub answer: Answer,
    /// When.
    pub at: u8,
}

/// What a run found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
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
pub enum Stage {
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
pub struct Run {
    /// How far it came.
    pub stage: Stage,
    /// The group that it asks for.
    pub group: usize,
    /// Whether its lease has time left.
    pub has_time: bool,
    /// An earlier run's intent stood.
    pub earlier: bool,
    /// For the properties: the first answer that was settled before it looked.
    pub seen: Option<Kept>,
}

impl Run {
    pub(crate) const IDLE: Self =
        Self { stage: Stage::Idle, group: 0, has_time: false, earlier: false, seen: None };

    /// Whether it is at work.
    pub fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done)
    }
}

/// One group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// We are in it.
    pub is_member: bool,
    /// The roster's row.
    pub row: bool,
    /// Whose intent stands.
    pub intent: Option<RunId>,
}

/// The session's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Whose it is.
    pub run: RunId,
    /// Another may take it.
    pub is_over: bool,
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
    pub now: u8,
    /// The groups.
    pub groups: [Group; GROUPS],
    /// The answer that is kept for the key. It stays past its end.
    pub kept: Option<Kept>,
    /// The device is linked, as far as the session knows.
    pub is_connected: bool,
    /// The session's lease.
    pub lease: Option<Lease>,
    /// The requests; the last is the undisturbed one.
    pub runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub budget: Budget,
    /// The undisturbed requests are over too.
    pub is_over: bool,
    /// For the properties: the first final answer that was settled.
    pub first: Option<Kept>,
    /// Promises that were broken on the way here.
    pub broken: Broken,
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
    pub fn lasts(&self, kept: Kept) -> bool {
        self.now < kept.at + LIFE
    }

    /// The first answer, while it has not come to its end.
    pub fn first(&self) -> Option<Kept> {
        self.first.filter(|first| self.lasts(*first))
    }

    /// Whether nobody is at work.
    pub fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub fn is_leased_to(&self, run: RunId) -> bool {
        self.lease.is_some_and(|lease| lease.run == run)
    }
}
