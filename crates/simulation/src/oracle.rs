//! The truth of the world, and whether answers told it. The rules: `docs/contract.md`, Truth.

mod answer;
mod end;
mod facts;
mod fences;
mod history;
mod judgement;
mod keys;
mod limits;
mod lost;
mod memory;
mod refusals;
mod reports;
mod run;
mod said;
mod standing;
mod stanzas;
mod timeline;
mod together;
mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use whatsapp_simulator::{Fault, Record};

use crate::coverage::Coverage;
use crate::machine::Seen;
use crate::steps::Refuses;
use crate::tame;
use crate::world::{INSTANCES, World};
pub(crate) use answer::Answer;
use facts::{AllFacts, Visit};
use fences::Lease;
pub(crate) use reports::of_queue;
pub(crate) use run::Begun;
use run::Run;
pub(crate) use run::{group_of, server};
use standing::Standing;

/// An answer that is not true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Which rule it breaks.
    pub(crate) label: &'static str,
    pub(crate) what: String,
}

/// Why a membership changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// By a leave on this connection.
    Left(u64),
    Removed,
    Joined,
}

#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Of time that no clock's move changes, in milliseconds.
    pub(crate) at: u64,
    pub(crate) phone: String,
    pub(crate) group: String,
    pub(crate) cause: Cause,
}

/// A window of a limit, in milliseconds.
const A_WINDOW: u64 = 60_000;

/// What no clock goes on by within a run, in milliseconds.
const A_JUMP: i64 = 5 * 60_000;

/// Something odd that WhatsApp was to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    pub(crate) began: u64,
    /// When it was forgotten, if nothing met it.
    pub(crate) rested: u64,
    /// What the clocks had been moved by then, in milliseconds.
    pub(crate) moved: i64,
    pub(crate) refuses: Refuses,
    /// For how long we are to stay away, in seconds, where it says so.
    pub(crate) seconds: Option<u64>,
    /// Whether it hides what became of a leave.
    pub(crate) hides: bool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) runs: Vec<Run>,
    pub(crate) changes: Vec<Change>,
    pub(crate) wrong: Option<Wrong>,
    /// Since when what a phone's instance did before counts no more.
    pub(crate) forgotten: BTreeMap<String, u64>,
    /// Since when it may not: it was being deleted.
    pub(crate) forgotten_maybe: BTreeMap<String, u64>,
    pub(crate) facts: AllFacts,
    pub(crate) visits: Vec<Visit>,
    pub(crate) scripts: Vec<Script>,
    /// Instances with leaves that no run began.
    pub(crate) crowded: BTreeSet<usize>,
    /// Groups whose invite was revoked.
    pub(crate) revoked: BTreeSet<String>,
    /// Whether a group may be attached to the community.
    pub(crate) attaches: bool,
    /// Owners whose lease another one took before they gave it back.
    pub(crate) taken_over: BTreeSet<String>,
    /// Who gave the lease of an instance back last.
    pub(crate) released: BTreeMap<usize, String>,
    /// The leases of each machine at each instance.
    pub(crate) leases: BTreeMap<(u64, usize), Vec<Lease>>,
    /// What the clocks were moved by altogether, in milliseconds.
    pub(crate) moved: i64,
    /// The same, each time that they were, of time that no clock's move changes.
    moves: Vec<(u64, i64)>,
    /// Whether clocks went back, or on by minutes, since all was at rest.
    pub(crate) has_jumped: bool,
    /// When clocks were last behind by more than a window of a limit: it begins anew then.
    pub(crate) set_back: u64,
    /// Connections of devices that are being linked: those do acknowledge.
    pub(crate) linking: BTreeSet<u64>,
    /// Whether an environment is gone that no run tells of.
    pub(crate) is_gone: bool,
    pub(crate) coverage: Coverage,
    pub(crate) standing: Standing,
}

/// Clones are the same oracle.
#[derive(Clone)]
pub(crate) struct Oracle(Arc<Mutex<State>>);

impl Oracle {
    pub(crate) fn new(world: &World, attaches: bool) -> Self {
        let oracle = Self(Arc::default());
        oracle.state().attaches = attaches;
        let watching = oracle.clone();
        world.dynamo.watch(move |written| watching.written(written));
        let watching = oracle.clone();
        world.chat.watch_departures(move |departure| {
            let cause = Cause::Left(departure.connection);
            watching.changed(&departure.phone, &departure.group, cause);
        });
        oracle
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wrong(&self) -> Option<Wrong> {
        self.state().wrong.clone()
    }

    /// What was found wrong by somebody else than [`Self::judge`].
    pub(crate) fn found(&self, wrong: Option<Wrong>) {
        if let Some(wrong) = wrong {
            self.state().wrong.get_or_insert(wrong);
        }
    }

    fn changed(&self, phone: &str, group: &str, cause: Cause) {
        let (phone, group) = (phone.to_owned(), group.to_owned());
        self.state().changes.push(Change { at: tame::elapsed(), phone, group, cause });
    }

    pub(crate) fn joined(&self, phone: &str, group: &str) {
        self.changed(phone, group, Cause::Joined);
    }

    pub(crate) fn removed(&self, phone: &str, group: &str) {
        self.changed(phone, group, Cause::Removed);
    }

    /// The situations that were reached.
    pub(crate) fn coverage(&self) -> Coverage {
        self.state().coverage.clone()
    }

    /// What an instance did before is forgotten: it was deleted.
    pub(crate) fn forgotten(&self, phone: &str) {
        let now = tame::elapsed();
        let mut state = self.state();
        state.forgotten.insert(phone.to_owned(), now);
        let maybe = state.forgotten_maybe.entry(phone.to_owned()).or_default();
        *maybe = (*maybe).max(now);
    }

    /// Clocks were moved, and are that far behind the latest that they ever were.
    pub(crate) fn moved(&self, by: i64, behind: u64) {
        let mut state = self.state();
        state.moved += by;
        let moved = (tame::elapsed(), state.moved);
        state.moves.push(moved);
        state.has_jumped |= !(0..=A_JUMP).contains(&by);
        if behind > A_WINDOW {
            state.set_back = tame::elapsed();
        }
    }

    /// When the latest run without an outcome began, on the world's clock.
    pub(crate) fn oldest_lost(&self) -> Option<u64> {
        let state = self.state();
        let lost = state.runs.iter().rev().find(|run| run.lost_any());
        lost.map(|run| run.world_began)
    }

    /// Leaves of an instance have no outcome that no run began.
    pub(crate) fn crowded(&self, instance: usize) {
        self.state().crowded.insert(instance);
    }

    /// WhatsApp is to do something odd.
    pub(crate) fn scripted(&self, fault: &Fault) {
        let all = Refuses::of(fault);
        let mut state = self.state();
        let (began, rested) = (tame::elapsed(), u64::MAX);
        let scripts = all.iter().map(|refuses| Script {
            began,
            rested,
            moved: 0,
            refuses: *refuses,
            seconds: said::seconds(fault),
            hides: said::hides(fault),
        });
        state.scripts.extend(scripts);
        if all.contains(&Refuses::Device) {
            for instance in 0..INSTANCES.len() {
                state.facts.entry(instance).or_default().works.set(began, false);
            }
        }
    }

    /// A run begins; returns its number.
    pub(crate) fn begin(&self, begun: Begun, world: &World) -> u64 {
        let mut state = self.state();
        let number = u64::try_from(state.runs.len()).unwrap_or_default();
        let run = Run::begin(number, begun, state.moved, state.attaches, world);
        state.runs.push(run);
        number
    }

    pub(crate) fn end(&self, number: u64, answer: Answer, seen: Seen) {
        let mut state = self.state();
        let moved = state.moved;
        let state = &mut *state;
        if let Some(run) = usize::try_from(number).ok().and_then(|at| state.runs.get_mut(at)) {
            run.answer = Some(answer);
            run.ended = tame::elapsed();
            run.moved_ended = moved;
            let leases = state.leases.get(&(seen.machine, run.instance)).into_iter().flatten();
            run.leases = leases.filter(|lease| lease.at >= run.began).cloned().collect();
            let met = seen.met.iter().chain(&run.troubles).copied().collect();
            run.seen = seen;
            let (asked, stood) = run.situation;
            state.coverage.count(asked, &met, stood);
        }
    }

    /// Judges the runs that have ended. Returns whether an environment is gone.
    pub(crate) fn judge(&self, world: &World) -> bool {
        world.chat.look(|record| self.judge_by(record))
    }

    fn judge_by(&self, record: &Record) -> bool {
        let mut state = self.state();
        let now = tame::elapsed();
        let moved = state.moved;
        for script in state.scripts.iter_mut().filter(|script| script.rested == u64::MAX) {
            (script.rested, script.moved) = (now, moved);
        }
        let mut is_gone = std::mem::take(&mut state.is_gone);
        state.has_jumped = false;
        let ended: Vec<usize> = (0..state.runs.len())
            .filter(|at| !state.runs[*at].is_judged && state.runs[*at].answer.is_some())
            .collect();
        for at in ended {
            state.runs[at].is_judged = true;
            state.look_at_stanzas(at, record);
            let run = state.runs[at].clone();
            is_gone |= matches!(run.answer, Some(Answer::Crashed | Answer::Killed));
            let wrong = state
                .judged(&run)
                .or_else(|| state.judged_by_key(&run))
                .or_else(|| state.judged_by_deletion(&run))
                .or_else(|| state.judged_by_repetition(&run))
                .or_else(|| state.judged_by_said(&run))
                .or_else(|| state.judged_by_wait(&run))
                .or_else(|| State::judged_by_bearer(&run))
                .or_else(|| state.judged_by_limit(&run))
                .or_else(|| state.judged_by_way(&run))
                .or_else(|| state.judged_by_memory(&run))
                .or_else(|| state.judged_by_stanzas(&run, record));
            if let Some(wrong) = wrong {
                state.wrong.get_or_insert(wrong);
            }
        }
        let wrong = state.judged_together(record);
        if let Some(wrong) = wrong {
            state.wrong.get_or_insert(wrong);
        }
        is_gone
    }
}
