//! The wall clock is the machine's, corrected by DynamoDB's `Date`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::clock::{Clock, SystemClock, UnixMillis};
use leave_group::entry::{self, Invocation};
use local_stack::items::{number, text};
use local_stack::traffic::Traffic;
use serde_json::value::RawValue;

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask};

fn machine_seconds() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// How far the clock is from the machine's, in whole minutes.
fn minutes_off(clock: &SystemClock) -> i64 {
    let seconds = i64::try_from(clock.now().seconds()).unwrap() - machine_seconds();
    (seconds + 30 * seconds.signum()) / 60
}

#[test]
fn a_difference_of_more_than_two_seconds_is_corrected_and_taken_back() {
    let clock = SystemClock::new();
    for minutes in [60, -60, 5] {
        clock.observe(machine_seconds() + minutes * 60, SystemTime::now());
        assert_eq!(minutes_off(&clock), minutes);
    }
    clock.observe(machine_seconds() + 1, SystemTime::now());
    assert_eq!(minutes_off(&clock), 0);
}

#[test]
fn a_date_that_was_long_on_its_way_is_not_believed() {
    let clock = SystemClock::new();
    let sent = SystemTime::now() - Duration::from_mins(10);
    clock.observe(machine_seconds() - 600, sent);
    assert_eq!(minutes_off(&clock), 0);
}

#[test]
fn a_date_that_came_while_the_clock_was_set_back_is_not_believed() {
    let clock = SystemClock::new();
    let sent = SystemTime::now() + Duration::from_mins(10);
    clock.observe(machine_seconds() + 600, sent);
    assert_eq!(minutes_off(&clock), 0);
    assert!(!clock.is_compared());
}

/// A clock that keeps what it heard.
#[derive(Debug, Default)]
struct Listening(SystemClock, std::sync::Mutex<Vec<(i64, SystemTime)>>);

impl Clock for Listening {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }

    fn observe(&self, server_seconds: i64, sent: SystemTime) {
        self.1.lock().unwrap().push((server_seconds, sent));
    }
}

#[tokio::test]
async fn every_answer_of_dynamodb_is_heard() {
    let rig = Rig::start().await;
    let clock = Arc::new(Listening::default());
    let service = rig.service(clock.clone(), &Traffic::new());
    ask(&service, &Request::leave(ACCOUNT_TOKEN, "nobody", "ABC123XYZ")).await;
    let heard = clock.1.lock().unwrap().clone();
    assert_eq!(heard.len(), 2, "gate and acquire");
    for (seconds, sent) in heard {
        assert!((seconds - machine_seconds()).abs() <= 2);
        assert!(sent.elapsed().unwrap() < Duration::from_mins(1));
    }
}

/// A machine that is 45 s ahead until it hears DynamoDB's time.
#[derive(Debug, Default)]
struct Ahead(SystemClock, AtomicBool);

impl Clock for Ahead {
    fn now(&self) -> UnixMillis {
        let off = if self.is_compared() { Duration::ZERO } else { Duration::from_secs(45) };
        self.0.now().plus(off)
    }

    fn is_compared(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }

    fn observe(&self, _: i64, _: SystemTime) {
        self.1.store(true, Ordering::SeqCst);
    }
}

/// A command has no gate, and where the keys could not be loaded at the start its first
/// call would be the acquire.
#[tokio::test]
async fn a_command_takes_no_lease_that_still_lasts_by_a_clock_that_heard_nothing() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    let until = SystemClock::new().now().plus(Duration::from_secs(20));
    session.insert("lease_owner".to_owned(), text("another run"));
    session.insert("lease_until".to_owned(), number(until.0));
    rig.provisioner.put(session.clone()).await.unwrap();
    let clock = Arc::new(Ahead::default());
    let traffic = Traffic::new();
    let service = rig.service_with(clock, &traffic, &[("LEASE_WAIT_MS", "0")]);
    let command = serde_json::json!({
        "action": "leave", "account": "acme", "instance": "sales", "identifiers": [GROUP],
    });
    let event = RawValue::from_string(command.to_string()).unwrap();
    let invocation = Invocation {
        request_id: "request".to_owned(),
        trace_id: None,
        remaining: Duration::from_secs(29),
    };
    let answer = entry::handle(&service, &event, invocation).await.unwrap();
    assert!(answer.get().contains("503"), "{answer}");
    assert_eq!(rig.session().await, session);
    assert_eq!(rig.simulator().record().connections, 0);
    assert_eq!(traffic.operations()[0], "GetItem", "the time is asked for first");
}

/// Without DynamoDB's time nothing is taken at all.
#[tokio::test]
async fn a_clock_that_cannot_be_compared_takes_nothing() {
    /// Hears nothing.
    #[derive(Debug)]
    struct Deaf(SystemClock);
    impl Clock for Deaf {
        fn now(&self) -> UnixMillis {
            self.0.now()
        }
        fn is_compared(&self) -> bool {
            false
        }
    }
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.service(Arc::new(Deaf(SystemClock::new())), &traffic);
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    rig.assert_settled().await;
    assert_eq!(rig.simulator().record().logins(&rig.device.jid), 0);
}
