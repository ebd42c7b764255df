//! Everything that the model remembers. What the parties know is apart from
//! what only the properties know (`Ghost`, `RunGhost`).

use crate::group::{Identifier, Membership, Read, Told};
use crate::lease::RunId;
use crate::promise::Broken;

/// Runs that share the budgets of disturbances.
pub(crate) const RUNS: usize = 3;

/// The undisturbed run that `closing` adds.
pub(crate) const CLOSING: RunId = RUNS;

/// Who may hold the lease, or the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A run.
    Run(RunId),
    /// The sync of the roster.
    Sync,
}

/// The lease as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Whether it has run out, so that another may take it.
    pub(crate) expired: bool,
}

/// What is stored. The history is left out: it is written with the settling and
/// nothing in the protocol reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    /// The session's lease.
    pub(crate) lease: Option<Lease>,
    /// Who released last.
    pub(crate) last_owner: Option<Owner>,
    /// Whose intent stands for the group.
    pub(crate) intent: Option<RunId>,
    /// Whether the roster has a row of the group.
    pub(crate) row: bool,
}

/// A `<leave>` on its way, or its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stanza {
    /// Not sent, lost, or no longer of interest.
    None,
    /// Sent, and not applied yet.
    InFlight,
    /// WhatsApp says that we left.
    Left,
    /// WhatsApp says that we are not in it.
    NotMember(Told),
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
    /// It may have been sent, and nobody knows.
    Unconfirmed,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Not asked for yet.
    Idle,
    /// The row was read before the lease: only when that rule is broken.
    RowReadEarly,
    /// Has the lease.
    Leased,
    /// Has read the row.
    RowRead,
    /// Logged in; the target is not yet known well enough to be left.
    Online,
    /// The metadata says that we are in, and the row is to be written.
    Member,
    /// May leave, once the lease was checked.
    Ready,
    /// The lease had time left. Nothing protects the run from here to the send.
    Checked,
    /// Sent.
    Sent,
    /// Knows its verdict and has to settle it.
    Settling(Verdict),
    /// Released, with its intent still to be taken back: only when that rule is
    /// broken.
    TakingBack,
    /// Answered.
    Done,
    /// Stopped for ever, anywhere.
    Crashed,
}

/// What only the properties know of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RunGhost {
    /// We were out at some moment since its acquire.
    pub(crate) was_out: bool,
    /// Its intent was written or joined, and no settling has accounted for it:
    /// as far as the table goes, its outcome is lost.
    pub(crate) open: bool,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// How it names the group.
    pub(crate) by: Identifier,
    /// Whether its lease has time left, by its own clocks.
    pub(crate) has_time: bool,
    /// What it has read.
    pub(crate) read: Read,
    /// Its leave.
    pub(crate) stanza: Stanza,
    /// For the properties.
    pub(crate) ghost: RunGhost,
}

impl Run {
    const IDLE: Self = Self {
        stage: Stage::Idle,
        by: Identifier::Jid,
        has_time: false,
        read: Read { earlier: false, evidence: false },
        stanza: Stanza::None,
        ghost: RunGhost { was_out: false, open: false },
    };

    /// Whether a worker is busy with it.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done | Stage::Crashed)
    }

    /// Ends it. What it had read is forgotten, which keeps equal states equal;
    /// a stanza in flight stays, since it may yet be applied.
    pub(crate) fn end(&mut self, stage: Stage) {
        let stanza = match self.stanza {
            Stanza::InFlight => Stanza::InFlight,
            Stanza::None | Stanza::Left | Stanza::NotMember(_) => Stanza::None,
        };
        let ghost = RunGhost { was_out: false, open: self.ghost.open };
        *self = Self { stage, stanza, ghost, ..Self::IDLE };
    }
}

/// The sync of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sync {
    /// Not begun.
    Idle,
    /// Has the lease, and knows whether an intent is open.
    Taken {
        /// An intent stood.
        open_intent: bool,
        /// The lease has time left, by its own clocks.
        has_time: bool,
    },
    /// Has asked WhatsApp.
    Looked {
        /// An intent stood.
        open_intent: bool,
        /// We were in the group.
        member: bool,
        /// The lease has time left, by its own clocks.
        has_time: bool,
    },
    /// Over.
    Done,
}

/// How often the world may still disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Runs that stop anywhere.
    pub crashes: u8,
    /// Messages that get lost.
    pub losses: u8,
    /// Removals by somebody else.
    pub removals: u8,
    /// Times that somebody lets us in again.
    pub rejoins: u8,
    /// Delayed duplicates of an acquire.
    pub duplicates: u8,
}

/// What only the properties know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// A leave of ours took us out, and neither a settling nor a recovered 200
    /// has used that up. One leave makes one recovered 200.
    pub(crate) credit: bool,
    /// Whose leave took us out, if it was sent with evidence and nobody has settled
    /// it or said so: a 404 to a later run would deny our own act.
    pub(crate) owed: Option<RunId>,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The truth.
    pub(crate) membership: Membership,
    /// The table.
    pub(crate) table: Table,
    /// Whose socket is the live one. A login throws the older one out.
    pub(crate) socket: Option<Owner>,
    /// The runs; the last is the closing one.
    pub(crate) runs: [Run; RUNS + 1],
    /// The sync.
    pub(crate) sync: Sync,
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// For the properties.
    pub(crate) ghost: Ghost,
}

impl State {
    /// A beginning: nobody has asked for anything.
    pub(crate) fn new(membership: Membership, row: bool, budget: Budget) -> Self {
        Self {
            membership,
            table: Table { lease: None, last_owner: None, intent: None, row },
            socket: None,
            runs: [Run::IDLE; RUNS + 1],
            sync: Sync::Idle,
            budget,
            ghost: Ghost { credit: false, owed: None, broken: Broken::NONE },
        }
    }

    /// Whether we are in the group.
    pub(crate) fn is_member(&self) -> bool {
        self.membership == Membership::In
    }

    /// Whether the lease in the table is `owner`'s, run out or not.
    pub(crate) fn is_leased_to(&self, owner: Owner) -> bool {
        self.table.lease.is_some_and(|lease| lease.owner == owner)
    }

    /// Whether the lease may be taken.
    pub(crate) fn is_lease_free(&self) -> bool {
        self.table.lease.is_none_or(|lease| lease.expired)
    }

    /// Whether nobody is at work: what is left can only be a run to come.
    pub(crate) fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active()) && matches!(self.sync, Sync::Idle | Sync::Done)
    }

    /// We are out now: everyone at work was out for a moment.
    pub(crate) fn leave_group(&mut self, membership: Membership) {
        self.membership = membership;
        for run in self.runs.iter_mut().filter(|run| run.is_active()) {
            run.ghost.was_out = true;
        }
    }

    /// A new login: older sockets are thrown out with what was in flight on them.
    pub(crate) fn log_in(&mut self, owner: Owner) {
        self.socket = Some(owner);
        for (id, run) in self.runs.iter_mut().enumerate() {
            if owner != Owner::Run(id) && run.stanza == Stanza::InFlight {
                run.stanza = Stanza::None;
            }
        }
    }

    /// The lease is given back.
    pub(crate) fn release(&mut self, owner: Owner) {
        self.table.lease = None;
        // Only a duplicate would read it: without one to come, states that differ
        // in nothing else are the same.
        self.table.last_owner = (self.budget.duplicates > 0).then_some(owner);
    }
}
