//! Everything that the model of ages remembers. What only the properties know is in
//! `Ghost`, `RunGhost` and `State::broken`.

use super::action::Purpose;
use crate::group::{Membership, Told};
use crate::lease::{self, Lease, RunId};
use crate::promise::Broken;

/// Runs, at most; the one after them is the undisturbed one.
pub(crate) const RUNS: usize = 3;
/// The undisturbed run.
pub(crate) const CLOSING: RunId = RUNS;
/// How long an intent counts, in half days.
pub(crate) const LIFE: u8 = 2;
/// How long a block lasts, in half days.
pub(crate) const BLOCK: u8 = 3;
/// The last half day.
pub(crate) const LAST: u8 = 5;

/// A moment, in half days since the beginning.
pub(crate) type Time = u8;

/// The intent in the session's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Intent {
    /// Whose it is.
    pub(crate) by: RunId,
    /// From when it counts.
    pub(crate) at: Time,
}

/// What a run found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// WhatsApp says that this run's leave took us out.
    Confirmed,
    /// Out, an earlier run tried, and there is evidence.
    Recovered(Told),
    /// Not in the group.
    NotMember(Told),
    /// Nothing was sent.
    NotSent,
    /// It was sent, and WhatsApp says that nothing was done.
    Refused,
    /// It may have been sent, and nobody knows.
    Open,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Not asked for yet.
    Idle,
    /// Has the lease.
    Leased,
    /// Logged in.
    Online,
    /// An intent stands that covers its stanza.
    Ready,
    /// Waits for a reply.
    Sent,
    /// WhatsApp says that we left.
    Left,
    /// WhatsApp says that we are not in it.
    Absent(Told),
    /// Knows its verdict.
    Settling(Verdict),
    /// Over.
    Done,
}

/// What only the properties know of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RunGhost {
    /// We were out at some moment since its acquire.
    pub(crate) was_out: bool,
    /// From when its lost outcome counts: it wrote or renewed the intent, or sent
    /// a stanza, and no settling has accounted for it.
    pub(crate) open: Option<Time>,
}

/// What a run has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Read {
    /// The time of an earlier run's intent, as its acquire showed it, if it counts.
    pub(crate) shown: Option<Time>,
    /// There is evidence of membership.
    pub(crate) evidence: bool,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// Whether its lease has time left.
    pub(crate) has_time: bool,
    /// What it has read.
    pub(crate) read: Read,
    /// The time that it wrote into an earlier run's intent.
    pub(crate) wrote: Option<Time>,
    /// Its leave is on its way to WhatsApp.
    pub(crate) in_flight: bool,
    /// WhatsApp does not listen for a while, as it found out.
    pub(crate) found_block: bool,
    /// For the properties.
    pub(crate) ghost: RunGhost,
}

impl Run {
    pub(crate) const IDLE: Self = Self {
        stage: Stage::Idle,
        purpose: Purpose::Leave,
        has_time: false,
        read: Read { shown: None, evidence: false },
        wrote: None,
        in_flight: false,
        found_block: false,
        ghost: RunGhost { was_out: false, open: None },
    };

    /// Whether a worker is busy with it.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done)
    }

    /// Ends it. What it had read is forgotten, which keeps equal states equal.
    pub(crate) fn end(&mut self) {
        let ghost = RunGhost { was_out: false, open: self.ghost.open };
        *self = Self { stage: Stage::Done, in_flight: self.in_flight, ghost, ..Self::IDLE };
    }
}

/// How often the world may still disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Runs that stop anywhere.
    pub crashes: u8,
    /// What gets lost.
    pub losses: u8,
    /// Refusals by WhatsApp.
    pub refusals: u8,
    /// Removals by somebody else.
    pub removals: u8,
    /// Times that somebody lets us in again.
    pub rejoins: u8,
}

/// What only the properties know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// A leave of ours took us out, and neither a settling nor a recovered 200 has
    /// used that up.
    pub(crate) credit: bool,
    /// From when a leave of ours counts of which nobody was told. It was sent with
    /// evidence, and a 404 within an intent's life would deny it.
    pub(crate) owed: Option<Time>,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The time.
    pub(crate) now: Time,
    /// The truth.
    pub(crate) membership: Membership,
    /// The roster's row.
    pub(crate) row: bool,
    /// The intent that stands.
    pub(crate) intent: Option<Intent>,
    /// Until when WhatsApp does not listen, as the session has it.
    pub(crate) blocked_until: Option<Time>,
    /// The session's lease.
    pub(crate) lease: Option<Lease>,
    /// Whose socket is the live one.
    pub(crate) socket: Option<RunId>,
    /// The runs; the last is the undisturbed one.
    pub(crate) runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// The undisturbed run is over too.
    pub(crate) is_over: bool,
    /// For the properties.
    pub(crate) ghost: Ghost,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
}

impl State {
    pub(crate) const fn new(membership: Membership, budget: Budget) -> Self {
        Self {
            now: 0,
            membership,
            row: true,
            intent: None,
            blocked_until: None,
            lease: None,
            socket: None,
            runs: [Run::IDLE; RUNS + 1],
            budget,
            is_over: false,
            ghost: Ghost { credit: false, owed: None },
            broken: Broken::NONE,
        }
    }

    /// The end of every path on which `broken` was broken.
    pub(crate) const fn over(broken: Broken) -> Self {
        let nothing = Budget { crashes: 0, losses: 0, refusals: 0, removals: 0, rejoins: 0 };
        Self { is_over: true, broken, ..Self::new(Membership::In, nothing) }
    }

    /// Whether we are in the group.
    pub(crate) fn is_member(&self) -> bool {
        self.membership == Membership::In
    }

    /// Whether what counts from `at` still does.
    pub(crate) fn counts(&self, at: Time) -> bool {
        self.now < at + LIFE
    }

    /// Whether nobody is at work.
    pub(crate) fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub(crate) fn is_leased_to(&self, run: RunId) -> bool {
        lease::is_held_by(self.lease, run)
    }

    /// We are out now: everyone at work was out for a moment.
    pub(crate) fn leave_group(&mut self, membership: Membership) {
        self.membership = membership;
        for run in self.runs.iter_mut().filter(|run| run.is_active()) {
            run.ghost.was_out = true;
        }
    }
}
