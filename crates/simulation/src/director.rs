//! Puts a world through its steps, and lets the oracle judge every answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::clock::Budget;
use domain::tenant::InstanceId;
use fastrand::Rng;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use operation::check::{self, When};
use operator::Operator;
use operator::instances::State;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::coverage::Coverage;
use crate::fate::{Fates, Kind};
use crate::machine::{Machine, Riding, Trouble};
use crate::oracle::{Answer, Oracle, Wrong};
use crate::steps::{Act, Ask, Other, Step, Time, What};
use crate::tame;
use crate::trace::Trace;
use crate::weights::Weights;
use crate::world::{Broken, INSTANCES, World, credentials};

/// How much longer than it has been told an invocation may take, before Lambda kills it.
const GRACE: Duration = Duration::from_millis(500);
/// Environments at the same time.
const MOST: usize = 4;
/// Past any lease.
const PAST_THE_LEASE: i64 = 40_000;
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
}

pub(crate) struct Director {
    world: World,
    oracle: Oracle,
    trace: Trace,
    fates: Fates,
    environments: Vec<Environment>,
    under_way: Vec<JoinHandle<()>>,
    requests: u64,
    /// The latest that the world's clock ever was: clocks go back too.
    latest: u64,
}

/// Runs one seed's steps.
pub(crate) async fn run(seed: u64, steps: &[Step], weights: &Weights) -> Result<Outcome, Broken> {
    let (fates, trace) = (Fates::new(seed), Trace::default());
    let mut dice = Rng::with_seed(crate::fate::mixed(&[seed, 7]));
    let synced = [dice.bool(), dice.bool(), dice.bool()];
    let world = World::begin(&fates, weights, &trace, synced).await?;
    let oracle = Oracle::new(&world);
    let mut director = Director {
        world,
        oracle,
        trace: trace.clone(),
        fates: fates.clone(),
        environments: Vec::new(),
        under_way: Vec::new(),
        requests: 0,
        latest: 0,
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
    Ok(Outcome { steps: done, wrong, trace: trace.lines(), coverage })
}

impl Director {
    async fn step(&mut self, step: &Step) -> Result<(), Broken> {
        self.trace.note(|| format!("{:>3} {:?}", step.number, step.what));
        self.disturb(true);
        match &step.what {
            What::Leave(ask) => {
                let event = self.http(ask);
                let identifiers = std::slice::from_ref(&ask.identifier);
                self.request(event, ask, identifiers).await?;
            }
            What::Command(identifiers, ask) => {
                let (account, name, _) = INSTANCES[ask.instance];
                let event = json!({
                    "action": "leave", "account": account, "instance": name,
                    "identifiers": identifiers,
                });
                self.request(event, ask, identifiers).await?;
            }
            What::Operate(instance, act) => {
                self.come_to_rest().await;
                // An operator's own calls are not what is looked at: they end.
                self.disturb(false);
                self.operate(*instance, *act).await?;
            }
            What::Others(instance, group, other) => self.others(*instance, group, *other),
            What::Time(time) => self.time(*time),
            What::Environment(skew) => {
                self.come_to_rest().await;
                if self.environments.len() >= MOST {
                    self.environments.remove(0);
                }
                self.start(*skew)?;
            }
        }
        match step.overlap {
            Some(wait) => sleep(Duration::from_millis(wait)).await,
            None => self.come_to_rest().await,
        }
        Ok(())
    }

    fn disturb(&self, disturbed: bool) {
        self.world.dynamo.disturb(disturbed);
        self.world.net.disturb(disturbed);
    }

    fn start(&mut self, skew: i64) -> Result<usize, Broken> {
        let (machine, service) = self.world.environment(skew)?;
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
        self.start(0)
    }

    fn http(&self, ask: &Ask) -> Value {
        let (account, name, _) = INSTANCES[ask.instance];
        let token = &self.world.tokens[account];
        let path = format!("/api/group/leave/{name}");
        let encoded: String = ask
            .identifier
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let mut headers = json!({"token": token});
        if let Some(key) = ask.key {
            headers["idempotency-key"] = format!("key-{key}").into();
        }
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path,
            "rawQueryString": format!("identifier={encoded}"), "headers": headers,
            "requestContext": {
                "http": {"method": "DELETE", "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10", "userAgent": "simulation"},
                "requestId": format!("request-{}", self.requests), "routeKey": "$default",
                "stage": "$default",
            },
            "isBase64Encoded": false,
        })
    }

    async fn request(
        &mut self,
        event: Value,
        ask: &Ask,
        identifiers: &[String],
    ) -> Result<(), Broken> {
        let free = self.free().await?;
        let environment = &self.environments[free];
        let (machine, service) = (environment.machine.clone(), Arc::clone(&environment.service));
        let is_busy = Arc::clone(&environment.is_busy);
        *is_busy.lock().unwrap_or_else(PoisonError::into_inner) = true;
        if let Some(fault) = &ask.server {
            self.world.chat.script(fault.clone());
        }
        self.requests += 1;
        let request_id = format!("request-{}", self.requests);
        let run = self.oracle.begin(ask, identifiers, &self.world);
        let invocation = Invocation { request_id, trace_id: None, remaining: ask.remaining };
        machine.begin();
        let event = RawValue::from_string(event.to_string())?;
        let (oracle, trace) = (self.oracle.clone(), self.trace.clone());
        let (trouble, limit) = (ask.trouble, ask.remaining + GRACE);
        self.trace.note(|| format!("    run {run} on machine {}", machine.number()));
        self.under_way.push(tokio::spawn(async move {
            let handling = async { entry::handle(&service, &event, invocation).await };
            let riding = Riding::new(&machine, trouble, handling);
            let ended = tokio::time::timeout(limit, riding).await;
            let answer = match ended {
                Ok(Some(Ok(reply))) => Answer::read(reply.get()),
                Ok(Some(Err(error))) => Answer::Failed(error.to_string()),
                Ok(None) => Answer::Crashed,
                Err(_) => Answer::Killed,
            };
            trace.note(|| format!("    run {run}: {answer:?}"));
            oracle.end(run, answer, machine.seen());
            *is_busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
        }));
        Ok(())
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

    async fn operate(&mut self, instance: usize, act: Act) -> Result<(), Broken> {
        let (account, name, phone) = INSTANCES[instance];
        let id = InstanceId { account: account.parse()?, name: name.parse()? };
        let machine = Machine::new(0, 0);
        let operator = self.world.operator(&machine)?;
        let done = self.act(&operator, &id, phone, act).await;
        self.trace.note(|| format!("    {act:?}: {done}"));
        self.world.rest().await;
        Ok(())
    }

    async fn act(&self, operator: &Operator, id: &InstanceId, phone: &str, act: Act) -> String {
        let told = |done: Result<String, operator::OperatorError>| match done {
            Ok(done) => done,
            Err(error) => format!("refused: {error}"),
        };
        match act {
            Act::Sync => told(operator.sync_roster(id).await.map(|synced| format!("{synced:?}"))),
            Act::Rotate => told(operator.rotate_key(&mut |_, _| {}).await.map(|it| it.key_id)),
            Act::SetProxy => told(operator.set_proxy(id, None).await.map(|()| "none".to_owned())),
            Act::Check => {
                let budget = Budget::of(Duration::from_secs(25));
                let health = check::one(operator.engine(), id, When::Always, budget).await;
                health.name().to_owned()
            }
            Act::Relink => self.link(operator, id, phone).await,
            Act::DeleteAndLink => {
                let deleted = operator.delete_instance(id).await;
                if deleted.is_ok() {
                    self.oracle.forgotten(phone);
                }
                let linked = self.link(operator, id, phone).await;
                format!("{:?}, {linked}", deleted.map(|it| it.rows))
            }
            Act::Unblock => match operator.block(id).await {
                Ok(Some(block)) => {
                    told(operator.unblock(id, block).await.map(|()| "lifted".to_owned()))
                }
                Ok(None) => "not blocked".to_owned(),
                Err(error) => format!("refused: {error}"),
            },
        }
    }

    /// A new device of the same phone, in place of the old one.
    async fn link(&self, operator: &Operator, id: &InstanceId, phone: &str) -> String {
        for device in self.world.chat.phone(phone).companions() {
            self.world.chat.unlink_device(&device);
        }
        let Ok(credentials) = credentials(self.world.chat.link_device(phone)) else {
            return "no credentials".to_owned();
        };
        match operator.store_linked(id, &credentials).await {
            Ok(stored) => format!("{stored:?} {}", credentials.device),
            Err(error) => format!("refused: {error}"),
        }
    }

    fn others(&self, instance: usize, group: &str, other: Other) {
        let (.., phone) = INSTANCES[instance];
        let chat = &self.world.chat;
        match other {
            Other::Add if !chat.is_member(group, phone) => {
                chat.add_member(group, phone);
                self.oracle.joined(phone, group);
            }
            Other::Remove if chat.is_member(group, phone) => {
                chat.remove_member(group, phone);
                self.oracle.removed(phone, group);
            }
            Other::Add | Other::Remove => {}
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
        self.oracle.moved(by);
    }

    /// Nothing befalls anything any more: each group is asked once, and nothing is left.
    async fn end(&mut self) -> Result<(), Broken> {
        self.disturb(false);
        self.trace.note(|| "the end".to_owned());
        let behind = self.latest.saturating_sub(tame::world_now());
        self.move_clocks(PAST_THE_LEASE + i64::try_from(behind).unwrap_or_default());
        self.environments.clear();
        self.start(0)?;
        for (instance, (account, name, phone)) in INSTANCES.into_iter().enumerate() {
            let id = InstanceId { account: account.parse()?, name: name.parse()? };
            let operator = self.world.operator(&Machine::new(0, 0))?;
            if let Ok(Some(block)) = operator.block(&id).await {
                let _ = operator.unblock(&id, block).await;
            }
            let devices = self.world.chat.phone(phone).companions();
            let found = operator.instance(&id).await;
            let works = found.is_ok_and(|found| {
                found.summary.state == State::Linked
                    && found.summary.device.is_some_and(|device| devices.contains(&device))
            });
            if !works {
                let linked = self.link(&operator, &id, phone).await;
                self.trace.note(|| format!("    linked again: {linked}"));
            }
            let all = crate::world::groups().map(|it| it.0).chain([crate::world::NOWHERE]);
            for jid in all {
                let ask = Ask {
                    instance,
                    identifier: jid.to_owned(),
                    key: None,
                    remaining: Duration::from_secs(29),
                    trouble: Trouble::default(),
                    server: None,
                };
                let event = self.http(&ask);
                self.request(event, &ask, std::slice::from_ref(&ask.identifier)).await?;
                self.come_to_rest().await;
                if self.oracle.wrong().is_some() {
                    return Ok(());
                }
                self.oracle.ended(&self.world, instance, jid);
            }
        }
        let _ = self.fates.next(Kind::Step);
        self.oracle.left_behind(&self.world);
        Ok(())
    }
}
