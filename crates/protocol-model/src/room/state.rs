//! Everything that the model of room remembers. What only the properties know is in
//! `Group::owed` and `State::broken`.

use crate::lease::{self, Lease, RunId};
use crate::promise::Broken;

/// The groups of which the session has notes.
pub(crate) const GROUPS: usize = 4;
/// Intents that may stand.
pub(crate) const ROOM: usize = 2;
/// Ended intents that one run tidies, before it takes the lease and again when it
/// settles.
pub(crate) const TIDIED: usize = 1;
/// Intents that one settling can remove.
pub(crate) const REMOVED: usize = 3;
/// Runs; the one after them is the undisturbed one.
pub(crate) const RUNS: usize = 3;
/// The undisturbed run.
pub(crate) const CLOSING: RunId = RUNS;
/// How long an intent counts, in half days.
pub(crate) const LIFE: u8 = 2;
/// The first half day; what stands from an earlier one has ended.
pub(crate) const FIRST: u8 = 2;
/// The last half day.
pub(crate) const LAST: u8 = 4;

/// An intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Intent {
    /// Whose it is; `None` is a run before these.
    pub(crate) by: Option<RunId>,
    /// From when it counts.
    pub(crate) at: u8,
}

/// One group: the truth, and what the table has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// We are in it.
    pub(crate) is_member: bool,
    /// The roster's row.
    pub(crate) row: bool,
    /// The intent that stands.
    pub(crate) intent: Option<Intent>,
    /// For the properties: when a leave of ours took us out of which nobody was
    /// told.
    pub(crate) owed: Option<u8>,
}

/// What a run found out about a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
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
pub(crate) enum Stage {
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
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// The group whose invite it still has to resolve.
    pub(crate) invite: Option<usize>,
    /// What it found out.
    pub(crate) verdicts: [Verdict; GROUPS],
    /// The times of the intents, as it saw them.
    pub(crate) seen: [Option<u8>; GROUPS],
    /// Groups that had an earlier run's intent that counts.
    pub(crate) earlier: [bool; GROUPS],
    /// Whether its lease has time left.
    pub(crate) has_time: bool,
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
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done)
    }
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
    pub(crate) now: u8,
    /// The groups.
    pub(crate) groups: [Group; GROUPS],
    /// The session's lease.
    pub(crate) lease: Option<Lease>,
    /// The runs; the last is the undisturbed one.
    pub(crate) runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// The undisturbed runs are over too.
    pub(crate) is_over: bool,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
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
    pub(crate) fn counts(&self, at: u8) -> bool {
        self.now < at + LIFE
    }

    /// How many intents stand, ended ones too.
    pub(crate) fn size(&self) -> usize {
        self.groups.iter().filter(|group| group.intent.is_some()).count()
    }

    /// The times of the intents that stand.
    pub(crate) fn times(&self) -> [Option<u8>; GROUPS] {
        self.groups.map(|group| group.intent.map(|intent| intent.at))
    }

    /// Whether nobody is at work.
    pub(crate) fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease may be taken.
    pub(crate) fn is_lease_free(&self) -> bool {
        lease::is_free(self.lease)
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub(crate) fn is_leased_to(&self, run: RunId) -> bool {
        lease::is_held_by(self.lease, run)
    }
}
