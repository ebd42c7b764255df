//! Puts a world through its steps, and lets the oracle judge every answer.

mod acts;
mod end;
mod event;
mod others;
mod requests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use leave_group::service::Service;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::coverage::Coverage;
use crate::fate::Fates;
use crate::machine::{Machine, Riding, Trouble};
use crate::oracle::{Oracle, Wrong, group_of};
use crate::steps::{Other, Step, Takeover, Time, What};
use crate::tame;
use crate::trace::Trace;
use crate::weights::Weights;
use crate::world::{Broken, World};

/// How much longer than it has been told an invocation may take, before Lambda kills it.
const GRACE: Duration = Duration::from_millis(500);
/// Environments at the same time.
const MOST: usize = 4;
/// Past any lease.
const PAST_THE_LEASE: i64 = 40_000;
/// By when a run that is to freeze has, unless it waits for something.
const FROZEN_BY: Duration = Duration::from_millis(120);
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// One environment.
struct Environment {
    machine: Machine,
    service: Arc<Service>,
    is_busy: Arc<Mutex<bool>>,
}

/// What became of a seed.
pub(crate) struct Outcome {
    pub(crate) steps: u64,
    pub(crate) wrong: Option<Wrong>,
    pub(crate) trace: Vec<String>,
    pub(crate) coverage: Coverage,
    /// How long the world was, in milliseconds, without what its clocks were moved by.
    pub(crate) lasted: u64,
}

pub(crate) struct Director {
    world: World,
    oracle: Oracle,
    trace: Trace,
    environments: Vec<Environment>,
    under_way: Vec<JoinHandle<()>>,
    requests: u64,
    /// The latest that the world's clock ever was: clocks go back too.
    latest: u64,
    /// Whether leaves stand that no run of this world began.
    is_crowded: bool,
}

/// Runs one seed's steps.
pub(crate) async fn run(seed: u64, steps: &[Step], weights: &Weights) -> Result<Outcome, Broken> {
    let (fates, trace) = (Fates::new(seed), Trace::default());
    let mut dice = Rng::with_seed(crate::fate::mixed(&[seed, 7]));
    let synced = [dice.bool(), dice.bool(), dice.bool()];
    let world = World::begin(&fates, weights, &trace, synced).await?;
    let attaches =
        steps.iter().any(|step| matches!(step.what, What::Others(_, _, Other::Attach(_))));
    let oracle = Oracle::new(&world, attaches);
    let mut director = Director {
        world,
        oracle,
        trace: trace.clone(),
        environments: Vec::new(),
        under_way: Vec::new(),
        requests: 0,
        latest: 0,
        is_crowded: false,
    };
    let mut done = 0;
    let mut wrong = None;
    for step in steps {
        fates.step(step.number + 1);
        done += 1;
        director.step(step).await?;
        wrong = director.oracle.wrong();
        if wrong.is_some() {
            break;
        }
    }
    if wrong.is_none() {
        director.come_to_rest().await;
        wrong = director.oracle.wrong();
    }
    if wrong.is_none() {
        fates.step(u64::MAX);
        director.end().await?;
        wrong = director.oracle.wrong();
    }
    let coverage = director.oracle.coverage();
    let lasted = tame::elapsed();
    Ok(Outcome { steps: done, wrong, trace: trace.lines(), coverage, lasted })
}

impl Director {
    async fn step(&mut self, step: &Step) -> Result<(), Broken> {
        if step.rests {
            self.come_to_rest().await;
        }
        self.trace.note(|| format!("{:>3} {:?}", step.number, step.what));
        self.disturb(true);
        match &step.what {
            What::Leave(ask) => self.leave(ask).await?,
            What::Later(by, ask) => {
                self.time(Time::By(*by));
                self.leave(ask).await?;
            }
            What::Command(identifiers, ask) => self.command(identifiers, ask).await?,
            What::Queue(messages, ask) => self.queue(messages, ask).await?,
            What::Check(ask) => self.check(ask).await?,
            What::Operate(instance, act, hand) => self.operate(*instance, *act, hand)?,
            What::Crowd(instance, open, ended) => self.crowd(*instance, *open, *ended).await,
            What::Others(instance, group, other) => self.others(*instance, group, *other)?,
            What::Time(time) => self.time(*time),
            What::Environment(skew) => {
                self.come_to_rest().await;
                if self.environments.len() >= MOST {
                    self.environments.remove(0);
                }
                self.start(*skew).await?;
            }
        }
        if let Some(takeover) = step.takes_over() {
            self.take_over(takeover).await?;
        }
        match step.overlap {
            Some(wait) => sleep(Duration::from_millis(wait)).await,
            None => self.come_to_rest().await,
        }
        Ok(())
    }

    /// A run has frozen, and its lease ends before it goes on.
    async fn take_over(&mut self, takeover: &Takeover) -> Result<(), Broken> {
        sleep(FROZEN_BY).await;
        self.move_clocks(if takeover.sets_back { -PAST_THE_LEASE } else { PAST_THE_LEASE });
        if let Some((instance, identifier)) = &takeover.rejoins {
            self.others(*instance, &group_of(identifier), Other::Add)?;
        }
        match &takeover.rival {
            Some(rival) => self.leave(rival).await,
            None => Ok(()),
        }
    }

    fn disturb(&self, disturbed: bool) {
        self.world.dynamo.disturb(disturbed);
        self.world.net.disturb(disturbed);
    }

    /// An environment starts as it does on Lambda, and is ready for its first event.
    async fn start(&mut self, skew: i64) -> Result<usize, Broken> {
        let (machine, service) = self.world.environment(skew)?;
        let starting = Riding::new(&machine, Trouble::default(), service.engine.preload());
        starting.await;
        self.environments.push(Environment { machine, service, is_busy: Arc::default() });
        Ok(self.environments.len() - 1)
    }

    /// An environment that does nothing; a new one where there is none.
    async fn free(&mut self) -> Result<usize, Broken> {
        let is_free =
            |it: &Environment| !*it.is_busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = self.environments.iter().position(is_free) {
            return Ok(index);
        }
        if self.environments.len() >= MOST {
            self.come_to_rest().await;
            if !self.environments.is_empty() {
                return Ok(0);
            }
        }
        self.start(0).await
    }

    /// Every run has ended, everything that was sent has arrived, and all was judged.
    async fn come_to_rest(&mut self) {
        for run in self.under_way.drain(..) {
            let _ = run.await;
        }
        self.world.rest().await;
        self.world.chat.forget_faults();
        // One that crashed or was killed is gone; the next request gets a new one.
        let gone = self.oracle.judge(&self.world);
        self.oracle.look(&self.world);
        if gone {
            self.environments.clear();
        }
    }

    fn time(&mut self, time: Time) {
        let by = match time {
            Time::PastTheLease => PAST_THE_LEASE,
            Time::By(by) => by,
            Time::AboutADay(around) => {
                let since = self.oracle.oldest_lost().unwrap_or_default();
                let now = i64::try_from(tame::world_now()).unwrap_or_default();
                let target = i64::try_from(since).unwrap_or_default() + DAY + around;
                if since == 0 || target <= now { DAY + around } else { target - now }
            }
        };
        self.move_clocks(by);
    }

    fn move_clocks(&mut self, by: i64) {
        self.latest = self.latest.max(tame::world_now());
        tame::move_clocks(by);
        self.oracle.moved(by, self.latest.saturating_sub(tame::world_now()));
    }
}
