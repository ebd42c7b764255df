//! With little time left anywhere on the way there is a contract answer before
//! Lambda ends the environment, and the lease is released or short.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::clock::{Clock, SystemClock};
use domain::group::GroupKind;
use local_stack::items::Item;
use local_stack::runtime_api::Outcome;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, HoldHandle, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Reply, Request, Rig, Shape, ask_within, driven};

driven! {
    whatsapp_that_is_silent_at_any_step_is_answered_in_time {
        fault: "400 ms left, no answer",
        step: "every step",
        answer: "a contract answer in time",
        afterwards: "lease released or short",
    }
}

const LEFT: Duration = Duration::from_millis(400);

/// A thread that only sleeps, and sums up how much later than asked it woke: time
/// that the machine took from everybody.
struct Stalls(Arc<AtomicU64>, Arc<AtomicBool>);

impl Stalls {
    fn watch() -> Self {
        let stalls = Self(Arc::default(), Arc::default());
        let (sum, is_over) = (Arc::clone(&stalls.0), Arc::clone(&stalls.1));
        std::thread::spawn(move || {
            let asked = Duration::from_millis(2);
            while !is_over.load(Ordering::Relaxed) {
                let began = Instant::now();
                std::thread::sleep(asked);
                let late = began.elapsed().saturating_sub(asked);
                // A timer is a little late as a rule.
                if late > Duration::from_millis(5) {
                    sum.fetch_add(u64::try_from(late.as_micros()).unwrap(), Ordering::Relaxed);
                }
            }
        });
        stalls
    }

    fn sum(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

/// Asks with 400 ms left, and asserts that the answer is one, and in time.
async fn in_time(rig: &Rig, traffic: &Traffic, identifier: &str) -> (u16, String) {
    let service = rig.local(traffic);
    let stalls = Stalls::watch();
    let began = Instant::now();
    let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
    let reply = ask_within(&service, &request, LEFT).await;
    let took = began.elapsed().saturating_sub(stalls.sum());
    assert!(took < LEFT, "too late: {took:?} {reply:?}");
    let session = rig.session().await;
    if let Some(until) = Item(&session).optional_number("lease_until") {
        let left = until.saturating_sub(SystemClock::new().now().0);
        assert!(left <= 6_000, "a long lease is left: {left} ms");
    }
    (reply.status, reply.body)
}

#[tokio::test]
async fn whatsapp_that_is_silent_at_any_step_is_answered_in_time() {
    for (moment, identifier, message) in [
        (Moment::Connect, GROUP, "WhatsApp is unavailable"),
        (Moment::ClientHello, GROUP, "WhatsApp is unavailable"),
        (Moment::Login, GROUP, "WhatsApp is unavailable"),
        (Moment::Invite, "ABC123XYZ", "WhatsApp is unavailable"),
        (Moment::Metadata, "120363409999999999", "WhatsApp is unavailable"),
        (Moment::Leave, GROUP, "did not confirm"),
    ] {
        let rig = Rig::start().await;
        let unknown = NewGroup::new("Unknown").jid("120363409999999999@g.us");
        rig.group(unknown, None::<GroupKind>).await;
        rig.simulator().script(Fault::new(moment, Reaction::Silence));
        let (status, body) = in_time(&rig, &Traffic::new(), identifier).await;
        assert_eq!(status, 503, "{moment:?} {body}");
        assert!(body.contains(message), "{moment:?} {body}");
        assert!(!rig.session().await.contains_key("lease_owner"), "released: {moment:?}");
    }
}

#[tokio::test]
async fn a_table_that_is_silent_at_any_call_is_answered_in_time() {
    for (operation, nth, status) in [
        ("UpdateItem", 0, 503),
        ("UpdateItem", 1, 503),
        ("GetItem", 0, 503),
        // WhatsApp had confirmed it by then.
        ("TransactWriteItems", 0, 200),
    ] {
        for is_applied in [false, true] {
            let rig = Rig::start().await;
            let traffic = Traffic::new();
            for _ in 0..nth {
                traffic.plan(operation, CallFault::Pass);
            }
            let hold = HoldHandle::new();
            traffic.plan(
                operation,
                if is_applied {
                    CallFault::HoldAfter(hold.clone())
                } else {
                    CallFault::HoldBefore(hold.clone())
                },
            );
            // Data keys are read by the GetItem that is meant, if not before.
            let answered = in_time(&rig, &traffic, GROUP).await;
            assert_eq!(answered.0, status, "{operation} {nth} {is_applied} {answered:?}");
            assert_eq!(traffic.unused_faults(), 0);
        }
    }
}

#[tokio::test]
async fn with_no_time_at_all_there_is_still_an_answer() {
    let rig = Rig::start().await;
    for remaining in [0, 1, 20, 60] {
        let service = rig.local(&Traffic::new());
        let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
        let reply = ask_within(&service, &request, Duration::from_millis(remaining)).await;
        assert!([200, 404, 503].contains(&reply.status), "{remaining} {reply:?}");
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_none() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let event = Request::leave(ACCOUNT_TOKEN, "sales", GROUP).event(Shape::HttpApi);
    let answer = process.runtime.invoke(&event, Duration::ZERO).await;
    let Some(Outcome::Response(answer)) = answer else { panic!("{answer:?}") };
    assert_eq!(Reply::read(&answer).status, 200, "{answer}");
}
