//! Everything that the model of generations remembers. What only the properties
//! know is in `Ghost`, `Run::ghost` and `State::broken`.

use crate::group::{Membership, Read, Told};
use crate::lease::{self, Lease, RunId};
use crate::promise::Broken;

/// The numbers that may be linked under the name.
pub(crate) const NUMBERS: usize = 2;
/// Requests; the one after them is the undisturbed one.
pub(crate) const RUNS: usize = 2;
/// The undisturbed request.
pub(crate) const CLOSING: RunId = RUNS;

/// A session's generation; random in the code, the next one here.
pub(crate) type Generation = u8;

/// The session's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    /// Its generation.
    pub(crate) generation: Generation,
    /// Whose device it holds.
    pub(crate) number: usize,
    /// It is being deleted.
    pub(crate) is_deleting: bool,
    /// The device was logged out.
    pub(crate) is_logged_out: bool,
    /// Whose intent stands.
    pub(crate) intent: Option<RunId>,
    /// Its lease.
    pub(crate) lease: Option<Lease>,
}

/// A final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// 200.
    Left,
    /// 404.
    NotMember,
}

/// What a deletion tidies, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tidied {
    /// The open intents.
    Intents,
    /// The roster's rows.
    Row,
    /// The kept answers.
    Kept,
    /// The history.
    History,
    /// The session's item.
    Session,
}

/// A deletion under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Deletion {
    /// What it tidies.
    pub(crate) generation: Generation,
    /// What comes next.
    pub(crate) next: Tidied,
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
    /// It may have been sent, and nobody knows.
    Open,
    /// Nothing was sent.
    NotSent,
    /// Nothing was sent: the device was logged out.
    LoggedOut,
    /// Nothing was sent: this answer is kept.
    Replayed(Answer),
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Not asked for yet.
    Idle,
    /// Has the lease.
    Leased,
    /// Knows its verdict.
    Settling(Verdict),
    /// Over.
    Done,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// It has an `Idempotency-Key`.
    pub(crate) has_key: bool,
    /// The generation that it works on.
    pub(crate) generation: Generation,
    /// The number that it works for.
    pub(crate) number: usize,
    /// Whether its lease has time left.
    pub(crate) has_time: bool,
    /// What it has read.
    pub(crate) read: Read,
    /// For the properties: the generation in which its outcome is lost.
    pub(crate) ghost: Option<Generation>,
}

impl Run {
    pub(crate) const IDLE: Self = Self {
        stage: Stage::Idle,
        has_key: false,
        generation: 0,
        number: 0,
        has_time: false,
        read: Read { earlier: false, evidence: false },
        ghost: None,
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
    /// Logouts of a device.
    pub logouts: u8,
    /// Removals by somebody else.
    pub removals: u8,
    /// Deletions.
    pub deletions: u8,
    /// Links.
    pub links: u8,
    /// Syncs.
    pub syncs: u8,
}

/// What only the properties know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// The generation under which a leave of ours took each number out, as long as
    /// neither a settling nor a recovered 200 has used that up.
    pub(crate) credit: [Option<Generation>; NUMBERS],
    /// The same for a leave that was sent with evidence and of which nobody was
    /// told.
    pub(crate) owed: [Option<Generation>; NUMBERS],
    /// The first answer to the key that was settled, and its generation.
    pub(crate) first: Option<(Generation, Answer)>,
    /// The name was linked, and no deletion has begun since.
    pub(crate) is_live: bool,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The truth, for each number.
    pub(crate) members: [Membership; NUMBERS],
    /// The session's item.
    pub(crate) session: Option<Session>,
    /// The roster's row, by its generation.
    pub(crate) row: Option<Generation>,
    /// What is kept for the key, with its generation.
    pub(crate) kept: Option<(Generation, Answer)>,
    /// The history, by its generation.
    pub(crate) history: Option<Generation>,
    /// The generation that comes next.
    pub(crate) next_generation: Generation,
    /// The deletion under way.
    pub(crate) deletion: Option<Deletion>,
    /// The requests; the last is the undisturbed one.
    pub(crate) runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// The undisturbed requests are over too.
    pub(crate) is_over: bool,
    /// For the properties.
    pub(crate) ghost: Ghost,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
}

impl State {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self {
            members: [Membership::In; NUMBERS],
            session: Some(Session {
                generation: 1,
                number: 0,
                is_deleting: false,
                is_logged_out: false,
                intent: None,
                lease: None,
            }),
            row: Some(1),
            kept: None,
            history: None,
            next_generation: 2,
            deletion: None,
            runs: [Run::IDLE; RUNS + 1],
            budget,
            is_over: false,
            ghost: Ghost {
                credit: [None; NUMBERS],
                owed: [None; NUMBERS],
                first: None,
                is_live: true,
            },
            broken: Broken::NONE,
        }
    }

    /// The end of every path on which `broken` was broken.
    pub(crate) const fn over(broken: Broken) -> Self {
        let nothing = Budget {
            crashes: 0,
            losses: 0,
            logouts: 0,
            removals: 0,
            deletions: 0,
            links: 0,
            syncs: 0,
        };
        Self { is_over: true, broken, ..Self::new(nothing) }
    }

    /// Whether nobody is at work.
    pub(crate) fn is_quiet(&self) -> bool {
        self.deletion.is_none() && self.runs.iter().all(|run| !run.is_active())
    }

    /// The session, if it can be worked on and its lease is free.
    pub(crate) fn free(&self) -> Option<Session> {
        self.session.filter(|session| lease::is_free(session.lease))
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub(crate) fn is_leased_to(&self, run: RunId) -> bool {
        lease::is_held_by(self.session.and_then(|session| session.lease), run)
    }
}
