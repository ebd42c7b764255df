//! Random walks of leaves, rejoins, removals, crashes, restarts, expired leases
//! and faults, checked against a simple model of the truth.
//!
//! A crash is a future that is dropped after a random number of polls. Calls to
//! DynamoDB that were sent go on, as packets do. A failing walk prints its seed;
//! `LEAVE_GROUP_SEED=N` walks that one again, and [`KEPT`] walks it for ever.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use domain::group::GroupKind;
use domain::token::Scope;
use domain::token::Token;
use leave_group::service::Service;
use local_stack::items::Item;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, LeaveReplyKind, Moment, Reaction};

use crate::support::{GROUP, Request, Rig, ask_within};

/// Walks in one run of the tests: with [`STEPS`] steps each, at least 10,000 steps.
const WALKS: u64 = 200;
const STEPS: usize = 52;
/// Seeds of walks that once failed.
const KEPT: [u64; 0] = [];

const TOKEN: &str = "leave-group-token-of-the-walker";
/// Longer than any lease.
const PAST_THE_LEASE: Duration = Duration::from_secs(40);

/// Polls a future so many times, then drops it.
struct CrashAfter<F> {
    future: Option<Pin<Box<F>>>,
    polls: usize,
}

impl<F: Future> Future for CrashAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            self.future = None;
            return Poll::Ready(None);
        }
        self.polls -= 1;
        let Some(future) = self.future.as_mut() else { return Poll::Ready(None) };
        future.as_mut().poll(context).map(Some)
    }
}

struct Walk {
    seed: u64,
    random: fastrand::Rng,
    rig: Rig,
    clock: Arc<ManualClock>,
    traffic: Traffic,
    service: Arc<Service>,
    /// We are out by our own leave, and nobody has been told.
    untold: bool,
    trail: Vec<String>,
}

impl Walk {
    async fn begin(seed: u64) -> Self {
        let rig = Rig::start().await;
        let token = Token::new(TOKEN).unwrap();
        let account = "acme".parse().unwrap();
        rig.provisioner.token(&token, &account, &Scope::Account, 1_000_000).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let traffic = Traffic::new();
        let service = rig.service_with(clock.clone(), &traffic, &[("LEASE_WAIT_MS", "0")]);
        let random = fastrand::Rng::with_seed(seed);
        Self { seed, random, rig, clock, traffic, service, untold: false, trail: Vec::new() }
    }

    async fn walk(mut self) {
        for _ in 0..STEPS {
            self.step().await;
        }
        self.finish().await;
    }

    async fn step(&mut self) {
        match self.random.u8(0..10) {
            0 => {
                self.trail.push("somebody adds us".to_owned());
                self.rig.simulator().add_member(GROUP, &self.rig.device.phone);
                self.untold = false;
                // A sync or an operator may tell the roster, under no lease of ours.
                if self.random.bool() && !self.is_attempted().await {
                    self.rig.roster(GROUP, GroupKind::Group).await;
                }
            }
            1 => {
                self.trail.push("somebody removes us".to_owned());
                if self.is_member() {
                    self.rig.simulator().remove_member(GROUP, &self.rig.device.phone);
                    self.untold = false;
                }
            }
            2 => {
                self.trail.push("a restart".to_owned());
                let changes = [("LEASE_WAIT_MS", "0")];
                self.service = self.rig.service_with(self.clock.clone(), &self.traffic, &changes);
            }
            3 | 4 => {
                self.trail.push("leases expire".to_owned());
                self.clock.advance(PAST_THE_LEASE);
            }
            _ => self.leave().await,
        }
    }

    async fn leave(&mut self) {
        let identifier = if self.random.u8(0..4) == 0 { "ABC123XYZ" } else { GROUP };
        let fault = self.plan_fault();
        let polls = if self.random.u8(0..3) == 0 { self.random.usize(1..40) } else { usize::MAX };
        let remaining = if fault.contains("Silence") { 400 } else { 20_000 };
        self.trail.push(format!("leave {identifier}, fault {fault}, polls {polls}"));
        let was_member = self.is_member();
        let was_attempted = self.is_attempted().await;
        let had_row = self.has_row().await;

        let request = Request::leave(TOKEN, "sales", identifier);
        let service = Arc::clone(&self.service);
        let asking = ask_within(&service, &request, Duration::from_millis(remaining));
        let reply = CrashAfter { future: Some(Box::pin(asking)), polls }.await;
        self.come_to_rest().await;

        let is_member = self.is_member();
        let left_now = was_member && !is_member;
        let status = reply.as_ref().map(|reply| reply.status);
        self.trail.push(format!("  → {status:?}, member {was_member} → {is_member}"));
        let evidence = was_attempted && had_row;
        match status {
            Some(200) => {
                self.check(!is_member, "200 while we are in the group");
                // The exception: somebody else removed us while our outcome was lost.
                let is_true = left_now || self.untold || evidence;
                self.check(is_true, "200 for somebody else's act");
                self.untold = false;
            }
            Some(404) => {
                self.check(!is_member, "404 while we are in the group");
                self.check(!left_now, "404 for what this very run left");
                let must_recover = self.untold && evidence;
                self.check(!must_recover, "404 for our own leave whose outcome was lost");
                self.untold = false;
            }
            Some(403) => self.check(is_member, "403 while we are not in the group"),
            Some(503) | None => {
                // What is settled and not heard is settled: the next answer is 404.
                self.untold = (self.untold || left_now) && self.is_attempted().await;
            }
            Some(other) => self.check(false, &format!("status {other}")),
        }
        let record = self.rig.simulator().record();
        let by_us = record.overlaps.iter().any(|overlap| !overlap.ended_by_replaced);
        self.check(!by_us, "two sockets stood");
        self.check(record.acks() == 0, "something was acknowledged");
    }

    /// Plans a random fault, or none, and names it.
    fn plan_fault(&mut self) -> String {
        let kinds = [
            LeaveReplyKind::Empty,
            LeaveReplyKind::MissingLeave,
            LeaveReplyKind::OtherTarget,
            LeaveReplyKind::WrongTag,
        ];
        let applied = self.random.bool();
        let (moment, reaction) = match self.random.u8(0..16) {
            0 => (Moment::Leave, Reaction::Drop),
            1 => (Moment::Leave, Reaction::DropAfterApply),
            2 => (Moment::Leave, Reaction::TargetErrorAfterApply { code: 500 }),
            3 => (Moment::Leave, Reaction::TargetError { code: 403 }),
            4 => {
                let kind = self.random.choice(kinds).unwrap_or(LeaveReplyKind::Empty);
                (Moment::Leave, Reaction::LeaveReply { kind, applied })
            }
            5 => (Moment::Login, Reaction::Drop),
            6 => (Moment::Connect, Reaction::Drop),
            7 => (Moment::Metadata, Reaction::Drop),
            8 if self.random.bool() => (Moment::Leave, Reaction::SilenceAfterApply),
            9..=12 => return self.plan_call_fault(),
            _ => return "none".to_owned(),
        };
        let named = format!("{moment:?} {reaction:?}");
        self.rig.simulator().script(Fault::new(moment, reaction));
        named
    }

    fn plan_call_fault(&mut self) -> String {
        let operation = self
            .random
            .choice(["UpdateItem", "GetItem", "TransactWriteItems"])
            .unwrap_or("UpdateItem");
        for _ in 0..self.random.usize(0..3) {
            self.traffic.plan(operation, CallFault::Pass);
        }
        let fault = match self.random.u8(0..3) {
            0 => CallFault::LoseReply,
            1 => CallFault::Reset,
            _ => CallFault::ServerError,
        };
        // Once is ridden out; three times is an outage of that operation.
        let times = if self.random.bool() { 1 } else { 3 };
        for _ in 0..times {
            self.traffic.plan(operation, fault.clone());
        }
        format!("{operation} {fault:?} {times} times")
    }

    /// Everything that was sent has arrived.
    async fn come_to_rest(&self) {
        self.traffic.quiet().await;
        while self.rig.simulator().record().open_sockets(&self.rig.device.jid) > 0 {
            tokio::task::yield_now().await;
        }
        self.traffic.forget_faults();
        self.rig.simulator().forget_faults();
    }

    /// An undisturbed run tells the truth and leaves nothing behind.
    async fn finish(mut self) {
        self.clock.advance(PAST_THE_LEASE);
        let request = Request::leave(TOKEN, "sales", GROUP);
        let reply = ask_within(&self.service, &request, Duration::from_secs(20)).await;
        self.come_to_rest().await;
        let status = reply.status;
        self.trail.push(format!("the end → {status}"));
        self.check(matches!(status, 200 | 404), "an undisturbed run does not end");
        self.check(!self.is_member(), "an undisturbed run does not leave");
        self.check(!self.has_row().await, "a row is left");
        self.rig.assert_settled().await;
        self.trail.clear();
    }

    fn is_member(&self) -> bool {
        self.rig.simulator().is_member(GROUP, &self.rig.device.phone)
    }

    async fn has_row(&self) -> bool {
        self.rig.items().await.contains_key(&format!("GROUP#{GROUP}"))
    }

    async fn is_attempted(&self) -> bool {
        let session = self.rig.session().await;
        Item(&session).map("intents").unwrap().contains_key(GROUP)
    }

    fn check(&self, holds: bool, what: &str) {
        assert!(holds, "{what}\nLEAVE_GROUP_SEED={}\n{}", self.seed, self.trail.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_random_steps_tell_the_truth() {
    if let Ok(seed) = std::env::var("LEAVE_GROUP_SEED") {
        Box::pin(Walk::begin(seed.parse().unwrap()).await.walk()).await;
        return;
    }
    let first: u64 = fastrand::u64(..u64::MAX - WALKS);
    let seeds: Vec<u64> = KEPT.into_iter().chain(first..first + WALKS).collect();
    let mut walks = tokio::task::JoinSet::new();
    for seed in seeds {
        if walks.len() >= 16 {
            walks.join_next().await.unwrap().unwrap();
        }
        walks.spawn(async move { Box::pin(Walk::begin(seed).await.walk()).await });
    }
    while let Some(walk) = walks.join_next().await {
        walk.unwrap();
    }
}
