//! A run that was frozen past its lease can neither write nor release, and its
//! socket is thrown out by the run that took over.

use std::process::Command;
use std::time::Duration;

use local_stack::proxy::Proxy;
use local_stack::runtime_api::Outcome;
use local_stack::traffic::CallFault;
use whatsapp_simulator::{Fault, HoldHandle, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Process, Reply, Request, Rig, Shape, driven};

driven! {
    a_run_frozen_during_the_leave_is_replaced_and_says_that_it_does_not_know {
        fault: "frozen past the lease",
        step: "leave",
        answer: "503 did not confirm",
        afterwards: "fenced: writes and releases nothing",
    }
    a_run_frozen_before_its_settling_neither_writes_nor_releases {
        fault: "frozen past the lease",
        step: "settle",
        answer: "200, WhatsApp had confirmed",
        afterwards: "fenced: writes and releases nothing",
    }
    a_run_that_was_fenced_off_does_not_deny_what_the_other_run_did {
        fault: "fenced off, then told \"not a member\"",
        step: "metadata",
        answer: "503 did not confirm",
        afterwards: "fenced: writes and releases nothing",
    }
}

fn signal(process: &Process, name: &str) {
    let id = process.function.id().unwrap().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn read(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Response(answer) => Reply::read(&answer),
        Outcome::Error(error) => panic!("{error}"),
    }
}

fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_frozen_during_the_leave_is_replaced_and_says_that_it_does_not_know() {
    let rig = Rig::start().await;
    let frozen = rig.process().await;
    let hold = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
    let answer = frozen.runtime.begin(&usual().event(Shape::HttpApi), Duration::from_secs(29));
    hold.reached().await;
    signal(&frozen, "-STOP");
    rig.expire_lease().await;

    let other = rig.process().await;
    assert_eq!(other.send(&usual(), Shape::HttpApi).await.status, 200);
    let settled = rig.items().await;
    let record = rig.simulator().record();
    assert!(
        record.overlaps.iter().all(|overlap| overlap.ended_by_replaced),
        "{:?}",
        record.overlaps
    );
    assert_eq!(record.open_sockets(&rig.device.jid), 0);

    signal(&frozen, "-CONT");
    let reply = read(answer.await.unwrap());
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.body.contains("did not confirm"), "not logged out, not a success: {reply:?}");
    assert_eq!(rig.items().await, settled, "a fenced run writes nothing");
    hold.release();
    rig.assert_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_frozen_before_its_settling_neither_writes_nor_releases() {
    let rig = Rig::start().await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    let frozen = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    let before = HoldHandle::new();
    proxy.traffic().plan("TransactWriteItems", CallFault::HoldBefore(before.clone()));
    let answer = frozen.runtime.begin(&usual().event(Shape::HttpApi), Duration::from_secs(29));
    before.reached().await;
    signal(&frozen, "-STOP");
    rig.expire_lease().await;

    // The next run takes over and is in the middle of its own work.
    let next = rig.process().await;
    let during = HoldHandle::new();
    rig.simulator().add_member(GROUP, &rig.device.phone);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(during.clone())));
    let second = next.runtime.begin(&usual().event(Shape::HttpApi), Duration::from_secs(29));
    during.reached().await;
    let taken = rig.items().await;

    signal(&frozen, "-CONT");
    before.release();
    let reply = read(answer.await.unwrap());
    assert_eq!(reply.status, 200, "WhatsApp confirmed it to that run: {reply:?}");
    assert_eq!(rig.items().await, taken, "neither written nor released");

    during.release();
    assert_eq!(read(second.await.unwrap()).status, 200);
    rig.assert_settled().await;
    assert_eq!(rig.history().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_frozen_before_its_login_sends_nothing_once_its_lease_is_over() {
    let rig = Rig::start().await;
    // 1.2 s of budget: with its lease over, the run must not log in after the freeze.
    let frozen = rig.process().await;
    let hold = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::ClientHello, Reaction::Hold(hold.clone())));
    let answer = frozen.runtime.begin(&usual().event(Shape::HttpApi), Duration::from_millis(1_200));
    hold.reached().await;
    signal(&frozen, "-STOP");
    rig.expire_lease().await;
    let other = rig.process().await;
    assert_eq!(other.send(&usual(), Shape::HttpApi).await.status, 200);
    // Past the frozen run's own time, by the wall clock that it wakes up to.
    let woken = std::time::Instant::now() + Duration::from_millis(1_300);
    tokio::time::sleep_until(woken.into()).await;
    hold.release();
    signal(&frozen, "-CONT");
    let reply = read(answer.await.unwrap());
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(rig.simulator().record().logins(&rig.device.jid), 1, "only the other run's");
    rig.assert_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_fenced_off_does_not_deny_what_the_other_run_did() {
    let rig = Rig::start().await;
    let known_by_nobody = whatsapp_simulator::NewGroup::new("Unknown");
    let unknown = rig.group(known_by_nobody, None).await;
    let request = Request::leave(ACCOUNT_TOKEN, "sales", &unknown);
    let late = rig.process().await;
    let hold = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Hold(hold.clone())));
    let answer = late.runtime.begin(&request.event(Shape::HttpApi), Duration::from_secs(29));
    hold.reached().await;
    // Its lease is over; somebody else's run is under way and has not logged in.
    rig.expire_lease().await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    let other = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    let acquired = HoldHandle::new();
    proxy.traffic().plan("UpdateItem", CallFault::Pass);
    proxy.traffic().plan("UpdateItem", CallFault::HoldAfter(acquired.clone()));
    let second = other.runtime.begin(&request.event(Shape::HttpApi), Duration::from_secs(29));
    acquired.reached().await;
    rig.simulator().remove_member(&unknown, &rig.device.phone);
    hold.release();
    let reply = read(answer.await.unwrap());
    assert_eq!(reply.status, 503, "not a member, but no longer ours to say: {reply:?}");
    acquired.release();
    assert_eq!(read(second.await.unwrap()).status, 404);
    rig.assert_settled().await;
}
