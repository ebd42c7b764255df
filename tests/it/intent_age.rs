//! An intent counts for 24 hours from the last stanza that it covered.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use leave_group::service::Service;
use local_stack::items::Item;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, Request, Rig, ask, envelope, leave_all, statuses, success,
};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";

struct Aged {
    rig: Rig,
    clock: Arc<ManualClock>,
    service: Arc<Service>,
    traffic: Traffic,
}

impl Aged {
    /// A leave whose outcome was lost, and the clock on which it grows old.
    async fn lost() -> Self {
        let rig = Rig::start().await;
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let traffic = Traffic::new();
        let service = rig.service(clock.clone(), &traffic);
        let aged = Self { rig, clock, service, traffic };
        aged.lose().await;
        aged
    }

    async fn lose(&self) {
        self.script(Moment::Leave, Reaction::DropAfterApply);
        let reply = self.leave().await;
        assert_eq!(reply, (503, envelope(UNCONFIRMED)));
    }

    fn script(&self, moment: Moment, reaction: Reaction) {
        self.rig.simulator().script(Fault::new(moment, reaction));
    }

    async fn leave(&self) -> (u16, String) {
        let reply = ask(&self.service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
        (reply.status, reply.body)
    }

    fn rejoin(&self) {
        self.rig.simulator().add_member(GROUP, &self.rig.device.phone);
    }

    fn is_removed(&self) {
        self.rig.simulator().remove_member(GROUP, &self.rig.device.phone);
    }

    /// From when the intent's time counts.
    async fn at(&self) -> u64 {
        let session = self.rig.session().await;
        let intents = Item(&session).map("intents").unwrap();
        Item(intents[GROUP].as_m().unwrap()).number("at").unwrap()
    }
}

#[tokio::test]
async fn a_leave_under_an_old_intent_is_covered_for_another_day() {
    for by in [GROUP, "ABC123XYZ"] {
        let aged = Aged::lost().await;
        let session = aged.rig.session().await;
        let began = Item(&session).map("intents").unwrap()[GROUP].clone();
        aged.clock.advance(DAY.saturating_sub(SECOND * 9));
        aged.rejoin();
        aged.script(Moment::Leave, Reaction::DropAfterApply);
        let reply = ask(&aged.service, &Request::leave(ACCOUNT_TOKEN, "sales", by)).await;
        assert_eq!(reply.status, 503, "{by}");
        let session = aged.rig.session().await;
        let renewed = Item(&session).map("intents").unwrap()[GROUP].clone();
        let part = |intent: &aws_sdk_dynamodb::types::AttributeValue, name| {
            intent.as_m().unwrap()[name].clone()
        };
        for name in ["by", "began"] {
            assert_eq!(part(&began, name), part(&renewed, name), "{by}: {name} never changes");
        }
        aged.clock.advance(SECOND * 9);
        assert_eq!(aged.leave().await, (200, success(GROUP)), "{by}: our own leave of 9 s ago");
        aged.rig.assert_settled().await;
    }
}

#[tokio::test]
async fn the_usual_leave_renews_nothing() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    assert_eq!(reply.status, 200);
    let mut writes = traffic.operations();
    writes.retain(|operation| operation != "GetItem");
    assert_eq!(writes, ["UpdateItem", "UpdateItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_run_whose_stanza_changed_nothing_puts_the_time_back() {
    let refused = [
        vec![
            (Moment::Leave, Reaction::TargetError { code: 403 }),
            (Moment::Metadata, Reaction::Drop),
        ],
        vec![(Moment::Connect, Reaction::Drop)],
    ];
    for faults in refused {
        let aged = Aged::lost().await;
        let shown = aged.at().await;
        aged.clock.advance(DAY / 2);
        for (moment, reaction) in faults.clone() {
            aged.script(moment, reaction);
        }
        assert_eq!(aged.leave().await.0, 503, "{faults:?}");
        assert_eq!(aged.at().await, shown, "{faults:?}");
        // So the first leave's day ends when it should.
        aged.clock.advance(DAY / 2 + SECOND);
        assert_eq!(aged.leave().await.0, 404, "{faults:?}");
    }
}

#[tokio::test]
async fn where_a_run_ends_without_settling_the_new_time_stands() {
    let aged = Aged::lost().await;
    let shown = aged.at().await;
    aged.clock.advance(DAY.saturating_sub(SECOND * 9));
    aged.rejoin();
    aged.script(Moment::Leave, Reaction::DropAfterApply);
    // The acquire and the renewal; then the settling, which the SDK tries three times.
    for fault in [CallFault::Pass, CallFault::Pass] {
        aged.traffic.plan("UpdateItem", fault);
    }
    for _ in 0..3 {
        aged.traffic.plan("UpdateItem", CallFault::ServerError);
    }
    assert_eq!(statuses(&leave_all(&aged.service, &[GROUP]).await), [503]);
    assert_eq!(aged.traffic.unused_faults(), 0, "the settling never got through");
    assert!(aged.at().await > shown);
    aged.clock.advance(SECOND * 40);
    assert_eq!(aged.leave().await, (200, success(GROUP)));
}

#[tokio::test]
async fn while_a_block_is_remembered_no_intent_grows_old() {
    let aged = Aged::lost().await;
    aged.clock.advance(DAY.saturating_sub(Duration::from_mins(10)));
    let throttle = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(3_600) };
    aged.script(Moment::Leave, throttle);
    assert_eq!(aged.leave().await.0, 503, "the first leave's outcome is open still");
    aged.clock.advance(Duration::from_mins(30));
    assert_eq!(aged.leave().await.0, 429, "remembered");
    aged.clock.advance(DAY);
    assert_eq!(aged.leave().await, (200, success(GROUP)), "a day from the block's end");
}

#[tokio::test]
async fn a_block_that_is_met_at_the_login_keeps_open_intents_too() {
    let aged = Aged::lost().await;
    aged.clock.advance(DAY.saturating_sub(Duration::from_mins(10)));
    aged.script(Moment::Login, Reaction::Failure { reason: 402, expire: Some(7_200) });
    assert_eq!(aged.leave().await.0, 503);
    aged.clock.advance(DAY);
    assert_eq!(aged.leave().await, (200, success(GROUP)));
}

#[tokio::test]
async fn an_intent_that_has_ended_is_none() {
    let aged = Aged::lost().await;
    aged.is_removed();
    aged.clock.advance(DAY + SECOND);
    assert_eq!(aged.leave().await.0, 404);
    aged.rig.assert_settled().await;
}
