//! The wall clock is the machine's, corrected by DynamoDB's `Date`.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leave_group::clock::{Clock, SystemClock};
use local_stack::traffic::Traffic;

use crate::support::{ACCOUNT_TOKEN, Request, Rig, ask};

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

/// A clock that keeps what it heard.
#[derive(Debug, Default)]
struct Listening(SystemClock, std::sync::Mutex<Vec<(i64, SystemTime)>>);

impl Clock for Listening {
    fn now(&self) -> leave_group::clock::UnixMillis {
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
