//! Everything that the model of batches remembers. What only the properties know
//! is in `GroupGhost`, `RunGhost` and `State::broken`.

use super::action::Target;
use crate::group::{Membership, Read, Told};
use crate::lease::{self, Lease, RunId};
use crate::promise::Broken;

/// The groups.
pub(crate) const GROUPS: usize = 2;
/// Targets of one run, at most.
pub(crate) const TARGETS: usize = 2;
/// Runs, at most; the one after them is the undisturbed one.
pub(crate) const RUNS: usize = 3;
/// The undisturbed run.
pub(crate) const CLOSING: RunId = RUNS;

/// Whether somebody still has to hear of a leave of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owed {
    /// Nobody.
    Nothing,
    /// It was sent with evidence, and nobody has settled it or said so.
    Open,
    /// Settled by this run, whose command has not answered yet.
    Settled(RunId),
}

/// What only the properties know of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupGhost {
    /// A leave of ours took us out, and neither a settling nor a recovered 200 has
    /// used that up.
    pub(crate) credit: bool,
    /// Who has to hear of it.
    pub(crate) owed: Owed,
}

/// One group: the truth, and what the table has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    /// The truth.
    pub(crate) membership: Membership,
    /// The roster's row.
    pub(crate) row: bool,
    /// The owner of the intent that stands.
    pub(crate) intent: Option<RunId>,
    /// For the properties.
    pub(crate) ghost: GroupGhost,
}

impl Group {
    /// Whether we are in it.
    pub(crate) fn is_member(&self) -> bool {
        self.membership == Membership::In
    }
}

/// What a run found out about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// WhatsApp says that this run's leave took us out.
    Confirmed,
    /// It may have been sent, and nobody knows.
    Open,
    /// Out, an earlier run tried, and there is evidence.
    Recovered(Told),
    /// Not in the group.
    NotMember(Told),
    /// Nothing was sent.
    NotSent,
    /// Nothing was sent, and it is not known which group it is.
    Unresolved,
}

/// One target on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// No such target.
    Unused,
    /// Needs a query.
    Waiting,
    /// May be left.
    Ready,
    /// Given to the connection.
    Sent,
    /// WhatsApp says that we left.
    Left,
    /// WhatsApp says that we are not in it.
    Absent(Told),
    /// Over.
    Ended(Verdict),
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
    /// Waits for a reply.
    Sent,
    /// Every target has a verdict.
    Settling,
    /// Answered.
    Done,
    /// Stopped for ever.
    Crashed,
}

/// What is said of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// 200.
    Left {
        /// By the retry rule, not by WhatsApp's word to this run.
        is_recovered: bool,
    },
    /// 503 `did not confirm`.
    Open,
    /// 404.
    NotMember {
        /// It denies a leave of ours, or we were in the whole time.
        is_false: bool,
    },
    /// Another 503: nothing was sent.
    NotSent,
}

/// What only the properties know of a run and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RunGhost {
    /// We were out at some moment since its acquire.
    pub(crate) was_out: bool,
    /// Its intent was written or joined, and no settling has accounted for it.
    pub(crate) open: bool,
    /// It gave the stanza to a connection of which it knew that it had failed.
    pub(crate) unsent: bool,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// How far it came.
    pub(crate) stage: Stage,
    /// What it is asked for.
    pub(crate) targets: [Target; TARGETS],
    /// Its targets, one by one.
    pub(crate) slots: [Slot; TARGETS],
    /// Whether its lease has time left.
    pub(crate) has_time: bool,
    /// It knows that its connection failed.
    pub(crate) has_failed: bool,
    /// Groups whose leave is on its way to WhatsApp.
    pub(crate) flight: [bool; GROUPS],
    /// What it has read.
    pub(crate) read: [Read; GROUPS],
    /// What its command has to say once its other run is done.
    pub(crate) said: [Option<Answer>; GROUPS],
    /// For the properties.
    pub(crate) ghost: [RunGhost; GROUPS],
}

impl Run {
    pub(crate) const IDLE: Self = Self {
        stage: Stage::Idle,
        targets: [Target::jid(0); TARGETS],
        slots: [Slot::Unused; TARGETS],
        has_time: false,
        has_failed: false,
        flight: [false; GROUPS],
        read: [Read { earlier: false, evidence: false }; GROUPS],
        said: [None; GROUPS],
        ghost: [RunGhost { was_out: false, open: false, unsent: false }; GROUPS],
    };

    /// Whether a worker is busy with it.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Done | Stage::Crashed)
    }

    /// Its targets with what became of them.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Target, Slot)> {
        let pairs = self.targets.into_iter().zip(self.slots);
        pairs.filter(|(_, slot)| *slot != Slot::Unused)
    }

    /// Ends it. What it had read is forgotten, which keeps equal states equal.
    pub(crate) fn end(&mut self, stage: Stage) {
        let mut ghost = self.ghost;
        for ghost in &mut ghost {
            ghost.was_out = false;
            ghost.unsent = false;
        }
        *self = Self { stage, flight: self.flight, said: self.said, ghost, ..Self::IDLE };
    }
}

/// How often the world may still disturb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Runs that stop anywhere.
    pub crashes: u8,
    /// What gets lost.
    pub losses: u8,
    /// Removals by somebody else.
    pub removals: u8,
    /// Times that somebody lets us in again.
    pub rejoins: u8,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The groups.
    pub(crate) groups: [Group; GROUPS],
    /// The session's lease.
    pub(crate) lease: Option<Lease>,
    /// Whose socket is the live one.
    pub(crate) socket: Option<RunId>,
    /// The runs; the last is the undisturbed one.
    pub(crate) runs: [Run; RUNS + 1],
    /// What the world may still do.
    pub(crate) budget: Budget,
    /// Everything was asked for once more.
    pub(crate) is_over: bool,
    /// Promises that were broken on the way here.
    pub(crate) broken: Broken,
}

impl State {
    /// Every beginning; the second group is in all states only where it is named.
    pub(crate) fn beginnings(budget: Budget, has_second: bool) -> Vec<Self> {
        let mut first = Vec::new();
        for membership in [Membership::In, Membership::OutByOthers] {
            for row in [true, false] {
                let ghost = GroupGhost { credit: false, owed: Owed::Nothing };
                first.push(Group { membership, row, intent: None, ghost });
            }
        }
        let second = if has_second { first.clone() } else { first[3..].to_vec() };
        let with = |groups| Self {
            groups,
            lease: None,
            socket: None,
            runs: [Run::IDLE; RUNS + 1],
            budget,
            is_over: false,
            broken: Broken::NONE,
        };
        let pairs = first.iter().flat_map(|a| second.iter().map(|b| [*a, *b]));
        pairs.map(with).collect()
    }

    /// The end of every path on which `broken` was broken.
    pub(crate) fn over(broken: Broken) -> Self {
        let nothing = Budget { crashes: 0, losses: 0, removals: 0, rejoins: 0 };
        let mut state = Self::beginnings(nothing, false)[0];
        state.is_over = true;
        state.broken = broken;
        state
    }

    /// Whether nobody is at work.
    pub(crate) fn is_quiet(&self) -> bool {
        self.runs.iter().all(|run| !run.is_active())
    }

    /// Whether the lease in the table is the run's, run out or not.
    pub(crate) fn is_leased_to(&self, run: RunId) -> bool {
        lease::is_held_by(self.lease, run)
    }

    /// We are out of `group` now: everyone at work was out for a moment.
    pub(crate) fn leave_group(&mut self, group: usize, membership: Membership) {
        self.groups[group].membership = membership;
        for run in self.runs.iter_mut().filter(|run| run.is_active()) {
            run.ghost[group].was_out = true;
        }
    }

    /// A new login throws older sockets out, with what was in flight on them.
    pub(crate) fn log_in(&mut self, id: RunId) {
        self.socket = Some(id);
        for (other, run) in self.runs.iter_mut().enumerate() {
            if other != id {
                run.flight = [false; GROUPS];
            }
        }
    }
}
