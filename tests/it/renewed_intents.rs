//! An intent that this run has renewed counts, whatever time acquire showed.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use leave_group::service::Service;
use local_stack::items::Item;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, HoldHandle, Moment, Reaction, StreamErrorKind};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, leave_all, statuses, success};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

struct Aged {
    rig: Rig,
    clock: Arc<ManualClock>,
    service: Arc<Service>,
    traffic: Traffic,
}

impl Aged {
    /// A lost leave of our own, 24 hours less two seconds ago.
    async fn lost() -> Self {
        let rig = Rig::start().await;
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let traffic = Traffic::new();
        let service = rig.service(clock.clone(), &traffic);
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        let aged = Self { rig, clock, service, traffic };
        assert_eq!(leave(&aged.service, GROUP).await.0, 503);
        aged.clock.advance(DAY.saturating_sub(SECOND * 2));
        aged
    }

    async fn intent(&self) -> (String, u64) {
        let session = self.rig.session().await;
        let intents = Item(&session).map("intents").unwrap();
        let intent = Item(intents[GROUP].as_m().unwrap());
        (intent.text("by").unwrap().to_owned(), intent.number("at").unwrap())
    }
}

async fn leave(service: &Service, identifier: &str) -> (u16, String) {
    let reply = ask(service, &Request::leave(ACCOUNT_TOKEN, "sales", identifier)).await;
    (reply.status, reply.body)
}

/// The retry renews the intent and sends; WhatsApp's "not a member" takes three seconds.
#[tokio::test]
async fn a_renewed_intent_counts_still_when_the_reply_is_slow() {
    let aged = Aged::lost().await;
    let hold = HoldHandle::new();
    aged.rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
    let service = aged.service.clone();
    let retry = tokio::spawn(async move { leave(&service, GROUP).await });
    hold.reached().await;
    aged.clock.advance(SECOND * 3);
    hold.release();
    assert_eq!(retry.await.unwrap(), (200, success(GROUP)), "it was renewed before the stanza");
}

/// By invite the intent is renewed at the look-up, and looked at again at the leave.
#[tokio::test]
async fn a_renewed_intent_is_not_written_over_by_its_own_run() {
    let aged = Aged::lost().await;
    let (by, _) = aged.intent().await;
    let hold = HoldHandle::new();
    // The acquire; then the renewal.
    aged.traffic.plan("UpdateItem", CallFault::Pass);
    aged.traffic.plan("UpdateItem", CallFault::HoldAfter(hold.clone()));
    aged.rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    let service = aged.service.clone();
    let retry = tokio::spawn(async move { leave_all(&service, &["ABC123XYZ"]).await });
    hold.reached().await;
    aged.clock.advance(SECOND * 3);
    hold.release();
    assert_eq!(statuses(&retry.await.unwrap()), [503]);
    assert_eq!(aged.intent().await.0, by, "`by` and `began` never change");
}

/// A block that is remembered moves the open intents to its end, the renewed one too.
#[tokio::test]
async fn a_renewed_intent_counts_from_the_end_of_a_block() {
    let aged = Aged::lost().await;
    let hold = HoldHandle::new();
    aged.traffic.plan("UpdateItem", CallFault::Pass);
    aged.traffic.plan("UpdateItem", CallFault::HoldAfter(hold.clone()));
    let throttled = Reaction::StreamError(StreamErrorKind::Code(429));
    aged.rig.simulator().script(Fault::new(Moment::Leave, throttled));
    let service = aged.service.clone();
    let retry = tokio::spawn(async move { leave_all(&service, &[GROUP]).await });
    hold.reached().await;
    aged.clock.advance(SECOND * 3);
    hold.release();
    assert_eq!(statuses(&retry.await.unwrap()), [503]);
    let session = aged.rig.session().await;
    let until = Item(&session).number("blocked_until").unwrap();
    assert_eq!(aged.intent().await.1, until, "from the block's end");
}
