//! Everything that the model of room remembers. What only the properties know is in
//! [`Group::owed`] and [`State::broken`].

use crate::broken::Broken;

/// The groups of which the session has notes.
pub const GROUPS: usize = 4;
/// Intents that may stand.
pub const ROOM: usize = 2;
/// Ended intents that one run tidies, before it takes the lease and again when it
/// settles.
pub const TIDIED: usize = 1;
/// Intents that one settling can remove.
pub const REMOVED: usize = 3;
/// Runs; the one after them is the undisturbed one.
pub const RUNS: usize = 3;
/// The undisturbed run.
pub const CLOSING: RunId = RUNS;
/// How long an intent counts, in half days.
pub const LIFE: u8 = 2;
/// The first half day; what stands from an earlier one has ended.
pub const FIRST: u8 = 2;
/// The last half day.
pub const LAST: u8 = 4;

/// A run.
pub type RunId = usize;

/// What became of a call to DynamoDB.
pub use crate::one_group::actions::Delivery;

/// What a run is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// These groups, by their JIDs.
    Jids(&'static [usize]),
    /// This group, by an invite.
    Invite(usize),
}

/// What becomes of a run's leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// WhatsApp does it, or says that we are not in the group.
    Done,
    /// It does it, and the reply is lost.
    DoneUnheard,
    /// Something fails before the stanza.
    Unsent,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Takes the lease if all fits; otherwise sees what stands.
    Acquire(RunId, Order),
    /// Removes ended intents, as it saw them.
    MakeRoom(RunId),
    /// Takes the lease for what was let in.
    AcquireAgain(RunId),
    /// Learns an invite's JID under the lease, and writes its intent.
    Resolve(RunId),
    /// Renews what it has to renew, and leaves.
    Leave(RunId, Reply),
    /// Settles, releases and answers.
    Settle(RunId, Delivery),
    /// Stops for ever.
    Crash(RunId),
    /// A lease runs out.
    Expire(RunId),
    /// Half a day passes.
    HalfDay,
    /// All is quiet: each group is asked for again, undisturbed.
    AskAgain,
}

/// An intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Intent {
    /// Whose it is; `None` is a run before these.
    pub by: Option<RunId>,
    /// From when it counts.
    pub at: u8,
}

/// One group: the truth, and what the table has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// We are in it.
    pub is_member: bool,
    /// The roster's row.
    pub row: bool,
    /// The intent that stands.
    pub intent: Option<Intent>,
    /// For the properties: when a leave of ours took us out of which nobody was
    /// told.
    pub owed: Option<u8>,
}

/// What a run found out about a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Not asked for.
    Unasked,
    /// Row 25.
    NoRoom,
    /// Nothing yet.
    Waiting,
    /// Out, by this run's leave or an earlier one's.
    Left,
    /// Not in the group.
    NotMember {
        /// It denies a leave of ours.
        is_false: bool,
    },
    /// It may have been sent, and nobody knows.
    Open,
    /// Nothing was sent.
    NotSent,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not asked for yet.
    Idle,
    /// Refused; has seen what stands.
    Full,
    /// Has made room, and knows what fits.
    Narrowed {
        /// As many intents as stood then.
        seen: usize,
    },
    /// Has the lease.
    Leased,
    /// Every group has a verdict.
    Settling,
    /// Over.
    Done,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// How far it came.
    pub stage: Stage,
    /// The group whose invite it still has to resolve.
    pub invite: Option<usize>,
    /// What it found out.
    pub verdicts: [Verdict; GROUPS],
    /// The times of the intents, as it saw them.
    pub seen: [Option<u8>; GROUPS],
    /// Groups that had an earlier run's intent that counts.
    pub earlier: [bool; GROUPS],
    /// Whether its lease has time left.
    pub has_time: bool,
}

impl Run {
    pub(crate) const IDLE: Self = Self {
        stage: Stage::Idle,
        invite: None,
        verdicts: [Verdict::Unasked; GROUPS],
        seen: [None; GROUPS],
        earlier: [false; GROUPS],
        has_time: false,
    };

    /// Whether it is at work.
    pub fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done)
    }
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
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The time, in half days.
    pub now: u8,
    /// The groups.
    pub groups: [Group; GROUPS],
    /// The session's lease.
    pub lease: Option<Lease>,
    /// The runs; the last is the undisturbed one.
    pub runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub budget: Budget,
    /// The undisturbed runs are over too.
    pub is_over: bool,
    /// Promises that were broken on the way here.
    pub broken: Broken,
}

impl State {
    pub(crate) fn beginnings(budget: Budget) -> Vec<Self> {
        let open = Some(FIRST);
        let ended = Some(0);
        let all = [[None; 4], [open, open, None, None], [open, ended, None, None], [ended; 4]];
        all.map(|intents| Self {
            now: FIRST,
            groups: intents.map(|at| Group {
                is_member: true,
                row: true,
                intent: at.map(|at| Intent { by: None, at }),
                owed: None,
            }),
            lease: None,
            runs: [Run::IDLE; RUNS + 1],
            budget,
            is_over: false,
            broken: Broken::NONE,
        })
        .to_vec()
    }

    /// The end of every path on which `broken` was broken.
    pub(crate) fn over(broken: Broken) -> Self {
        let nothing = Budget { crashes: 0, losses: 0 };
        Self { is_over: true, broken, ..Self::beginnings(nothing)[0] }
    }

    /// Whether what counts from `at` still does.
    pub fn counts(&self, at: u8) -> bool {
        self.now < at + LIFE
    }

    /// How many intents stand, ended ones too.
    pub fn size(&self) -> usize {
        self.groups.iter().filter(|group| group.intent.is_some()).count()
    }

    /// The times of the intents that stand.
    pub fn times(&self) -> [Option<u8>; GROUPS] {
        self.groups.map(|group| group.intent.map(|intent| intent.at))
    }

    /// Whether nobody is at work.
    pub fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease may be taken.
    pub fn is_lease_free(&self) -> bool {
        self.lease.is_none_or(|lease| lease.is_over)
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub fn is_leased_to(&self, run: RunId) -> bool {
        self.lease.is_some_and(|lease| lease.run == run)
    }
}
