//! Everything that the model remembers. What the parties know is apart from
//! what only the properties know ([`Ghost`], [`RunGhost`]).

use crate::broken::Broken;

/// Runs that share the budgets of disturbances.
pub const RUNS: usize = 3;

/// A run. The one after [`RUNS`] is the undisturbed run that comes last.
pub type RunId = usize;

/// The undisturbed run that [`crate::one_group::closing`] adds.
pub const CLOSING: RunId = RUNS;

/// Who may hold the lease, or the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A run.
    Run(RunId),
    /// The sync of the roster.
    Sync,
}

/// Whether we are in the group, and if not, by whose act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// We are in it.
    In,
    /// A leave of ours took us out.
    OutByUs,
    /// Somebody else did, or we never were in it.
    OutByOthers,
}

/// The lease as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Whose it is.
    pub owner: Owner,
    /// Whether it has run out, so that another may take it.
    pub expired: bool,
}

/// What is stored. The history is left out: it is written with the settling and
/// nothing in the protocol reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Table {
    /// The session's lease.
    pub lease: Option<Lease>,
    /// Who released last.
    pub last_owner: Option<Owner>,
    /// Whose intent stands for the group.
    pub intent: Option<RunId>,
    /// Whether the roster has a row of the group.
    pub row: bool,
}

/// How the caller names the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// By its JID: the intent comes with the acquire, and no row means that the
    /// metadata is asked.
    Jid,
    /// By an invite: the JID is known once online, the intent is a write of its
    /// own, and without a row there is no evidence.
    Invite,
}

/// A `<leave>` on its way, or its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stanza {
    /// Not sent, lost, or no longer of interest.
    None,
    /// Sent, and not applied yet.
    InFlight,
    /// WhatsApp says that we left.
    Left,
    /// WhatsApp says that we are not in it.
    NotMember(Told),
}

/// What was true when WhatsApp said "not a member"; only the properties look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// An earlier leave of ours did it, with evidence, and nobody has said so.
    Owed,
    /// The documented exception: [`crate::one_group::properties::nobody_can_tell`].
    Excused,
    /// Neither.
    Plain,
}

/// What a run found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
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
pub enum Stage {
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

/// What a run has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Read {
    /// An earlier run's intent stood when the lease was taken.
    pub earlier: bool,
    /// There is evidence of membership.
    pub evidence: bool,
}

/// What only the properties know of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunGhost {
    /// We were out at some moment since its acquire.
    pub was_out: bool,
    /// Its intent was written or joined, and no settling has accounted for it:
    /// as far as the table goes, its outcome is lost.
    pub open: bool,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// How far it came.
    pub stage: Stage,
    /// How it names the group.
    pub by: Identifier,
    /// Whether its lease has time left, by its own clocks.
    pub has_time: bool,
    /// What it has read.
    pub read: Read,
    /// Its leave.
    pub stanza: Stanza,
    /// For the properties.
    pub ghost: RunGhost,
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
    pub fn is_active(&self) -> bool {
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
pub enum Sync {
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
pub struct Ghost {
    /// A leave of ours took us out, and neither a settling nor a recovered 200
    /// has used that up. One leave makes one recovered 200.
    pub credit: bool,
    /// Whose leave took us out, if it was sent with evidence and nobody has settled
    /// it or said so: a 404 to a later run would deny our own act.
    pub owed: Option<RunId>,
    /// Promises that were broken on the way here.
    pub broken: Broken,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The truth.
    pub membership: Membership,
    /// The table.
    pub table: Table,
    /// Whose socket is the live one. A login throws the older one out.
    pub socket: Option<Owner>,
    /// The runs; the last is the closing one.
    pub runs: [Run; RUNS + 1],
    /// The sync.
    pub sync: Sync,
    /// What the world may still do.
    pub budget: Budget,
    /// For the properties.
    pub ghost: Ghost,
}

impl State {
    /// A beginning: nobody has asked for anything.
    pub fn new(membership: Membership, row: bool, budget: Budget) -> Self {
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
    pub fn is_member(&self) -> bool {
        self.membership == Membership::In
    }

    /// Whether the lease in the table is `owner`'s, run out or not.
    pub fn is_leased_to(&self, owner: Owner) -> bool {
        self.table.lease.is_some_and(|lease| lease.owner == owner)
    }

    /// Whether the lease may be taken.
    pub fn is_lease_free(&self) -> bool {
        self.table.lease.is_none_or(|lease| lease.expired)
    }

    /// Whether nobody is at work: what is left can only be a run to come.
    pub fn is_quiet(&self) -> bool {
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
