//! The limit is exact under any concurrency, and clocks may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use domain::clock::{Clock, UnixMillis};
use leave_group::service::Service;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use tokio::sync::Semaphore;

use crate::support::{ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Request, Rig, ask};

/// The beginning of a minute.
const MINUTE: UnixMillis = UnixMillis(1_800_000_000_000);
const WINDOW: Duration = Duration::from_mins(1);

/// In flight at the same time. The clock stands, so all of them are at one instant however
/// many are: more would only wait for each other until the SDK gives up.
const IN_FLIGHT: usize = 64;

/// Asks `count` times at once, over several environments, and counts those let in.
async fn let_in(services: &[Arc<Service>], token: &'static str, count: usize) -> usize {
    let mut asked = tokio::task::JoinSet::new();
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    for number in 0..count {
        let places = Arc::clone(&places);
        let service = Arc::clone(&services[number % services.len()]);
        // The instance does not exist, or is another's: counted all the same.
        asked.spawn(async move {
            let _place = places.acquire().await.unwrap();
            ask(&service, &Request::leave(token, "nobody", GROUP)).await
        });
    }
    let mut admitted = 0;
    while let Some(reply) = asked.join_next().await {
        match reply.unwrap().status {
            404 | 403 => admitted += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    admitted
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_requests_at_one_instant_exactly_100_pass_for_either_kind_of_token() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(MINUTE));
    let traffic = Traffic::new();
    let services: Vec<_> = (0..4).map(|_| rig.service(clock.clone(), &traffic)).collect();
    for token in [ACCOUNT_TOKEN, INSTANCE_TOKEN] {
        assert_eq!(let_in(&services, token, 500).await, 100, "{token}");
    }
    clock.advance(WINDOW);
    for token in [ACCOUNT_TOKEN, INSTANCE_TOKEN] {
        assert_eq!(let_in(&services, token, 120).await, 100, "the next window opens: {token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_idle_gap_opens_exactly_one_window() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(MINUTE));
    let traffic = Traffic::new();
    for gap in 0..=24_u32 {
        clock.advance(WINDOW * gap);
        // Fresh environments: without notes every decision is the item's.
        let services: Vec<_> = (0..2).map(|_| rig.service(clock.clone(), &traffic)).collect();
        assert_eq!(let_in(&services, ACCOUNT_TOKEN, 105).await, 100, "after {gap} windows");
        assert_eq!(let_in(&services, ACCOUNT_TOKEN, 3).await, 0, "after {gap} windows");
        clock.advance(WINDOW);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_an_hour_ahead_does_no_lasting_harm() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let right = Arc::new(ManualClock::at(MINUTE));
    let ahead = Arc::new(ManualClock::at(MINUTE.plus(Duration::from_hours(1))));
    let fast = [rig.service(ahead, &traffic)];
    assert_eq!(let_in(&fast, ACCOUNT_TOKEN, 1).await, 1);
    // Back on the right clock the token is neither locked out nor unlimited.
    let services = [rig.service(right.clone(), &traffic)];
    assert_eq!(let_in(&services, ACCOUNT_TOKEN, 150).await, 100);
    right.advance(WINDOW);
    assert_eq!(let_in(&services, ACCOUNT_TOKEN, 150).await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_one_window_behind_counts_in_the_window_that_is() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let right = rig.service(Arc::new(ManualClock::at(MINUTE)), &traffic);
    let behind =
        rig.service(Arc::new(ManualClock::at(MINUTE.minus(Duration::from_secs(30)))), &traffic);
    assert_eq!(let_in(std::slice::from_ref(&right), ACCOUNT_TOKEN, 60).await, 60);
    assert_eq!(let_in(&[behind, right], ACCOUNT_TOKEN, 200).await, 40);
}

/// A machine that is half a minute behind until it hears DynamoDB's time.
#[derive(Debug, Default)]
struct Behind(AtomicBool);

impl Clock for Behind {
    fn now(&self) -> UnixMillis {
        let right = MINUTE.plus(Duration::from_secs(10));
        if self.0.load(Ordering::SeqCst) { right } else { right.minus(WINDOW / 2) }
    }

    fn observe(&self, _: i64, _: SystemTime) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_behind_names_the_wait_by_the_time_that_it_heard() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let right = [rig.service(Arc::new(ManualClock::at(MINUTE)), &traffic)];
    assert_eq!(let_in(&right, INSTANCE_TOKEN, 100).await, 100);
    let behind = rig.service(Arc::new(Behind::default()), &traffic);
    let reply = ask(&behind, &Request::leave(INSTANCE_TOKEN, "sales", GROUP)).await;
    assert_eq!((reply.status, reply.number("retry-after")), (429, 50));
}

#[tokio::test]
async fn a_full_window_is_remembered_and_spares_the_call() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let clock = Arc::new(ManualClock::at(MINUTE));
    let services = [rig.service(clock.clone(), &traffic)];
    assert_eq!(let_in(&services, INSTANCE_TOKEN, 100).await, 100);
    assert_eq!(let_in(&services, INSTANCE_TOKEN, 1).await, 0);
    traffic.clear();
    assert_eq!(let_in(&services, INSTANCE_TOKEN, 50).await, 0);
    assert_eq!(traffic.operations(), Vec::<String>::new());
    let reply = ask(&services[0], &Request::leave(INSTANCE_TOKEN, "sales", GROUP)).await;
    assert_eq!((reply.number("x-ratelimit-remaining"), reply.number("retry-after")), (0, 60));
}

#[tokio::test]
async fn an_unknown_token_is_remembered_for_a_moment_and_an_impossible_one_asks_nobody() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let clock = Arc::new(ManualClock::at(MINUTE));
    let service = rig.service(clock.clone(), &traffic);
    let unknown = Request::leave("leave-group-token-of-nobody", "sales", GROUP);
    for _ in 0..3 {
        assert_eq!(ask(&service, &unknown).await.status, 401);
    }
    assert_eq!(traffic.operations(), ["UpdateItem"]);
    clock.advance(Duration::from_secs(6));
    assert_eq!(ask(&service, &unknown).await.status, 401);
    assert_eq!(traffic.operations(), ["UpdateItem", "UpdateItem"]);
    traffic.clear();
    assert_eq!(ask(&service, &Request::leave("short", "sales", GROUP)).await.status, 401);
    assert_eq!(traffic.operations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_reply_counts_at_least_once() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.service(Arc::new(ManualClock::at(MINUTE)), &traffic);
    traffic.plan("UpdateItem", CallFault::LoseReply);
    let reply = ask(&service, &Request::leave(INSTANCE_TOKEN, "nobody", GROUP)).await;
    assert_eq!(reply.status, 403);
    // Applied twice: once by the call whose reply was lost, once by its retry.
    assert_eq!(reply.number("x-ratelimit-remaining"), 98);
    assert_eq!(traffic.unused_faults(), 0);
}
