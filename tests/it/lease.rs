//! One socket per session, ever.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Clock, SystemClock, UnixMillis};
use domain::group::GroupKind;
use domain::lease::LEASE;
use local_stack::items::{number, text};
use local_stack::manual_clock::ManualClock;
use local_stack::runtime_api::{Outcome, RuntimeApi};
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, HoldHandle, Moment, NewGroup, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, Request, Rig, Shape, ask, ask_within, envelope, spawn, success,
};

#[tokio::test(flavor = "multi_thread")]
async fn of_20_leaves_of_one_group_one_succeeds_and_no_two_sockets_stand() {
    let rig = Rig::start().await;
    let runtime = RuntimeApi::start().await.unwrap();
    let environment = rig.environment(&[("LEASE_WAIT_MS", "20000")]);
    let _environments: Vec<_> = (0..5).map(|_| spawn(&environment, &runtime)).collect();
    let event = Request::leave(ACCOUNT_TOKEN, "sales", GROUP).event(Shape::HttpApi);
    let asked: Vec<_> = (0..20).map(|_| runtime.begin(&event, Duration::from_secs(29))).collect();
    let mut statuses = Vec::new();
    for answer in asked {
        let Outcome::Response(answer) = answer.await.unwrap() else { panic!("an error") };
        statuses.push(crate::support::Reply::read(&answer).status);
    }
    statuses.sort_unstable();
    let mut expected = vec![404; 20];
    expected[0] = 200;
    assert_eq!(statuses, expected);
    let record = rig.simulator().record();
    assert_eq!(record.max_open_sockets(&rig.device.jid), 1);
    assert!(record.overlaps.is_empty(), "{:?}", record.overlaps);
    rig.assert_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_20_leaves_of_20_groups_each_succeeds_and_no_two_sockets_stand() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let mut groups = Vec::new();
    for number in 0..20 {
        let known_as = (number % 2 == 0).then_some(GroupKind::Group);
        groups.push(rig.group(NewGroup::new("One of many"), known_as).await);
    }
    let services: Vec<_> = (0..4).map(|_| rig.local(&traffic)).collect();
    let mut asked = tokio::task::JoinSet::new();
    for (number, jid) in groups.iter().cloned().enumerate() {
        let service = Arc::clone(&services[number % services.len()]);
        asked.spawn(async move {
            let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", &jid)).await;
            (jid, reply)
        });
    }
    let mut left = 0;
    while let Some(answered) = asked.join_next().await {
        let (jid, reply) = answered.unwrap();
        let is_member = rig.simulator().is_member(&jid, &rig.device.phone);
        match reply.status {
            200 => {
                assert_eq!(reply.body, success(&jid));
                assert!(!is_member);
                left += 1;
            }
            503 => assert!(is_member, "a busy answer left the group: {reply:?}"),
            _ => panic!("{reply:?}"),
        }
    }
    assert!(left >= 1);
    let record = rig.simulator().record();
    assert_eq!(record.max_open_sockets(&rig.device.jid), 1);
    assert!(record.overlaps.is_empty(), "{:?}", record.overlaps);
    rig.assert_settled().await;
}

#[tokio::test]
async fn instances_do_not_wait_for_each_other() {
    let rig = Rig::start().await;
    let other = rig.link("acme", "support", "5511999990002").await;
    rig.simulator().add_member(GROUP, &other.phone);
    let service = rig.local(&Traffic::new());
    let hold = HoldHandle::new();
    let fault = Fault::new(Moment::Leave, Reaction::Hold(hold.clone())).for_device(&rig.device.jid);
    rig.simulator().script(fault);
    let held = tokio::spawn({
        let service = Arc::clone(&service);
        async move { ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await }
    });
    hold.reached().await;
    let free = ask(&service, &Request::leave(ACCOUNT_TOKEN, "support", GROUP)).await;
    assert_eq!(free.status, 200);
    hold.release();
    assert_eq!(held.await.unwrap().status, 200);
}

async fn take(rig: &Rig, until: UnixMillis) {
    let mut session = rig.session().await;
    session.insert("lease_owner".to_owned(), AttributeValue::S("another run".to_owned()));
    session.insert("lease_until".to_owned(), AttributeValue::N(until.to_string()));
    rig.provisioner.put(session).await.unwrap();
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_one_of_a_runaway_clock_does_not_last() {
    let rig = Rig::start().await;
    let now = SystemClock::new().now();
    for until in [now.minus(Duration::from_secs(1)), now.plus(Duration::from_hours(1))] {
        take(&rig, until).await;
        rig.simulator().add_member(GROUP, &rig.device.phone);
        let reply =
            ask(&rig.local(&Traffic::new()), &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        rig.assert_settled().await;
    }
}

/// To a request that is as old as a lease lasts, the next run's looks as if a clock had run away.
#[tokio::test]
async fn an_acquire_that_arrives_late_takes_no_lease_that_has_just_begun() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let traffic = Traffic::new();
    let service = rig.service_with(clock.clone(), &traffic, &[("LEASE_WAIT_MS", "0")]);
    let hold = HoldHandle::new();
    traffic.plan("UpdateItem", CallFault::Pass);
    traffic.plan("UpdateItem", CallFault::HoldBefore(hold.clone()));
    let late =
        tokio::spawn(
            async move { ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await },
        );
    hold.reached().await;
    take(&rig, clock.now().plus(Duration::from_secs(45) + LEASE.longest())).await;
    let taken = rig.session().await;
    hold.release();
    let reply = late.await.unwrap();
    assert_eq!((reply.status, reply.body), (503, envelope("Instance is busy. Try again later.")));
    assert_eq!(rig.session().await, taken);
    assert_eq!(rig.simulator().record().connections, 0);
}

/// It would write intents that were given up, and an end of the lease that comes too early.
#[tokio::test]
async fn an_attempt_that_was_refused_and_arrives_again_changes_nothing_under_a_later_one() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let free = rig.session().await;
    take(&rig, SystemClock::new().now().plus(Duration::from_secs(20))).await;
    let (refused, leaving) = (HoldHandle::new(), HoldHandle::new());
    traffic.plan("UpdateItem", CallFault::Pass);
    traffic.plan("UpdateItem", CallFault::HoldAfter(refused.clone()));
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(leaving.clone())));
    let run =
        tokio::spawn(
            async move { ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await },
        );
    refused.reached().await;
    rig.provisioner.put(free).await.unwrap();
    let late = traffic.calls().into_iter().nth(1).unwrap();
    refused.release();
    leaving.reached().await;
    let taken = rig.session().await;
    let answer = late.again(rig.backends.dynamodb()).await.unwrap();
    assert!(answer.contains("ConditionalCheckFailedException"), "{answer}");
    assert_eq!(rig.session().await, taken);
    leaving.release();
    assert_eq!(run.await.unwrap().status, 200);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_run_whose_lease_was_taken_over_writes_nothing_and_releases_nothing() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let hold = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
    let stalled =
        tokio::spawn(
            async move { ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await },
        );
    hold.reached().await;
    take(&rig, SystemClock::new().now().plus(Duration::from_secs(20))).await;
    let before = rig.items().await;
    hold.release();
    // WhatsApp confirmed it to that run, so its answer is true.
    assert_eq!(stalled.await.unwrap().status, 200);
    assert_eq!(rig.items().await, before);
}

#[tokio::test]
async fn a_run_without_lease_time_sends_no_login_and_no_leave() {
    for moment in [Moment::ClientHello, Moment::Metadata] {
        let rig = Rig::start().await;
        let unknown = rig.group(NewGroup::new("Unknown"), None).await;
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let service = rig.service(clock.clone(), &Traffic::new());
        let hold = HoldHandle::new();
        rig.simulator().script(Fault::new(moment, Reaction::Hold(hold.clone())));
        let request = Request::leave(ACCOUNT_TOKEN, "sales", &unknown);
        let run = tokio::spawn(async move { ask(&service, &request).await });
        hold.reached().await;
        clock.advance(Duration::from_secs(40));
        hold.release();
        let reply = run.await.unwrap();
        assert_eq!(reply.status, 503, "{reply:?}");
        assert!(reply.body.contains("WhatsApp is unavailable"), "{reply:?}");
        let record = rig.simulator().record();
        assert!(!record.iqs(&rig.device.jid).contains(&"leave".to_owned()), "{moment:?}");
        if moment == Moment::ClientHello {
            assert_eq!(record.logins(&rig.device.jid), 0);
        }
        assert!(rig.simulator().is_member(&unknown, &rig.device.phone));
    }
}

#[tokio::test]
async fn a_session_that_stays_taken_is_busy_also_where_the_time_ends_with_the_wait() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    let until = SystemClock::new().now().0 + 25_000;
    session.insert("lease_owner".to_owned(), text("another run"));
    session.insert("lease_until".to_owned(), number(until));
    rig.provisioner.put(session).await.unwrap();
    let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
    let service = rig.local(&Traffic::new());
    let reply = ask_within(&service, &request, Duration::from_secs(1)).await;
    assert_eq!((reply.status, reply.body), (503, envelope("Instance is busy. Try again later.")));
}
