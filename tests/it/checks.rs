//! The health check of the sessions that are due.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Budget, Clock, UnixMillis};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use local_stack::items::{Attributes, Item, number, text};
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use operation::check::{When, one};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use whatsapp_simulator::{Fault, HoldHandle, Moment, Reaction, StreamErrorKind};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, id};

const DAY: Duration = Duration::from_hours(24);

async fn check(service: &Service) -> Value {
    check_within(service, Duration::from_secs(29)).await
}

async fn check_within(service: &Service, remaining: Duration) -> Value {
    let event = RawValue::from_string(json!({"action": "check"}).to_string()).unwrap();
    let invocation = Invocation { request_id: "check".to_owned(), trace_id: None, remaining };
    let answer = entry::handle(service, &event, invocation).await.unwrap();
    serde_json::from_str(answer.get()).unwrap()
}

/// The counts that are not zero.
fn counts(answer: &Value) -> Vec<(&str, u64)> {
    let counts = answer.as_object().unwrap().iter();
    counts
        .map(|(name, count)| (name.as_str(), count.as_u64().unwrap()))
        .filter(|c| c.1 > 0)
        .collect()
}

/// A rig, and a service on a clock `later` than the sessions were linked.
async fn later(later: Duration) -> (Rig, Arc<ManualClock>, Arc<Service>) {
    let rig = Rig::start().await;
    let now = domain::clock::SystemClock::new().now();
    let clock = Arc::new(ManualClock::at(now.plus(later)));
    let service = rig.service(clock.clone(), &Traffic::new());
    (rig, clock, service)
}

async fn due_at(rig: &Rig) -> Option<UnixMillis> {
    let session = rig.session().await;
    Item(&session).optional_number("due_at").map(UnixMillis)
}

#[tokio::test]
async fn a_session_that_is_due_logs_in_and_its_next_check_is_days_away() {
    let (rig, clock, service) = later(11 * DAY).await;
    for number in 2..7 {
        rig.link("acme", &format!("instance-{number}"), &format!("551199999000{number}")).await;
    }
    let answer = check(&service).await;
    assert_eq!(counts(&answer), [("checked", 6), ("connected", 6)], "{answer}");
    let record = rig.simulator().record();
    assert_eq!(record.logins(&rig.device.jid), 1);
    assert!(record.login_attempts.iter().all(|login| login.passive));
    assert!(record.iqs(&rig.device.jid).is_empty(), "nothing is asked");
    rig.assert_settled().await;

    let session = rig.session().await;
    assert_eq!(Item(&session).optional_text("check_result"), Some("connected"));
    assert_eq!(Item(&session).optional_number("checked_at"), Some(clock.now().0));
    let next = due_at(&rig).await.unwrap();
    assert!(next >= clock.now().plus(7 * DAY) && next <= clock.now().plus(10 * DAY), "{next}");
    // Sessions that were checked together are not due together again.
    let mut dues: Vec<u64> = rig
        .provisioner
        .items()
        .await
        .unwrap()
        .iter()
        .filter_map(|item| Item(item).optional_number("due_at"))
        .collect();
    dues.sort_unstable();
    dues.dedup();
    assert_eq!(dues.len(), 6, "jitter");

    let answer = check(&service).await;
    assert_eq!(counts(&answer), [], "nothing is due: {answer}");
}

#[tokio::test]
async fn a_session_that_left_a_group_lately_is_not_asked() {
    let (rig, clock, service) = later(6 * DAY).await;
    assert_eq!(ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await.status, 200);
    clock.set(clock.now().plus(5 * DAY));
    rig.simulator().clear_record();
    let answer = check(&service).await;
    assert_eq!(counts(&answer), [("checked", 1), ("fresh", 1)], "{answer}");
    assert_eq!(rig.simulator().record().connections, 0);
    let next = due_at(&rig).await.unwrap();
    assert!(
        next > clock.now() && next <= clock.now().plus(5 * DAY),
        "7 to 10 days after the leave"
    );
}

#[tokio::test]
async fn a_logged_out_session_is_found_once_and_then_left_alone() {
    for (reason, result) in [(401, "logged_out"), (403, "locked"), (406, "banned_for_good")] {
        let (rig, clock, service) = later(11 * DAY).await;
        let failure = Reaction::Failure { reason, expire: None };
        rig.simulator().script(Fault::new(Moment::Login, failure));
        let answer = check(&service).await;
        assert_eq!(counts(&answer), [("checked", 1), ("loggedOut", 1)], "{answer}");
        let session = rig.session().await;
        assert_eq!(Item(&session).optional_text("session_state"), Some("logged_out"));
        assert_eq!(Item(&session).optional_text("check_result"), Some(result));
        assert_eq!(due_at(&rig).await, None);
        clock.set(clock.now().plus(20 * DAY));
        assert_eq!(counts(&check(&service).await), []);
        let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
        assert!(reply.body.contains("Instance is not connected to WhatsApp"), "{reply:?}");
        // Whoever asks again hears the same, without a login.
        let budget = Budget::of(Duration::from_secs(10));
        let again = one(&service.engine, &id("acme", "sales"), When::Always, budget).await;
        assert_eq!(again.name(), result);
        assert_eq!(rig.simulator().record().login_attempts.len(), 1);
    }
}

#[tokio::test]
async fn whatever_a_check_finds_is_recorded_and_looked_at_again_in_time() {
    let hour = Duration::from_hours(1);
    let login = |reason, expire| Fault::new(Moment::Login, Reaction::Failure { reason, expire });
    let throttled = Reaction::StreamError(StreamErrorKind::Code(429));
    let cases = [
        (login(402, Some(86_400)), "banned", "banned", DAY),
        (Fault::new(Moment::Login, throttled), "banned", "throttled", Duration::from_mins(1)),
        (login(405, None), "failed", "version_refused", Duration::ZERO),
        (login(503, None), "failed", "unreachable", Duration::ZERO),
        (Fault::new(Moment::Connect, Reaction::Drop), "failed", "unreachable", Duration::ZERO),
    ];
    for (fault, count, result, longer) in cases {
        let (rig, clock, service) = later(11 * DAY).await;
        rig.simulator().script(fault);
        let answer = check(&service).await;
        let mut expected = [("checked", 1), (count, 1)];
        expected.sort_unstable();
        assert_eq!(counts(&answer), expected, "{answer}");
        let session = rig.session().await;
        assert_eq!(Item(&session).optional_text("check_result"), Some(result));
        let next = due_at(&rig).await.unwrap();
        let earliest = clock.now().plus(longer).plus(hour);
        assert!(next >= earliest && next <= earliest.plus(hour), "{result}: {next}");
        rig.assert_settled().await;
        if result == "banned" {
            // Due again while still banned: it is moved without a lease or a dial.
            clock.set(next);
            let mut session = rig.session().await;
            session.insert("blocked_until".to_owned(), number(next.plus(DAY).0));
            rig.provisioner.put(session).await.unwrap();
            rig.simulator().clear_record();
            assert_eq!(counts(&check(&service).await), [("banned", 1), ("checked", 1)]);
            assert_eq!(rig.simulator().record().connections, 0);
            assert!(due_at(&rig).await.unwrap() >= next.plus(DAY).plus(hour));
        }
    }
}

#[tokio::test]
async fn a_session_in_use_works_and_is_looked_at_later() {
    let (rig, clock, _) = later(11 * DAY).await;
    let mut session = rig.session().await;
    session.insert("lease_owner".to_owned(), text("another run"));
    session.insert("lease_until".to_owned(), number(clock.now().plus(Duration::from_secs(30)).0));
    rig.provisioner.put(session).await.unwrap();
    let service = rig.service_with(clock.clone(), &Traffic::new(), &[("LEASE_WAIT_MS", "0")]);
    assert_eq!(counts(&check(&service).await), [("checked", 1), ("fresh", 1)]);
    assert_eq!(rig.simulator().record().connections, 0);
    assert!(due_at(&rig).await.unwrap() > clock.now());
}

#[tokio::test]
async fn a_run_stops_in_time_and_says_how_many_remain() {
    let (rig, _, service) = later(11 * DAY).await;
    for number in 0..20 {
        rig.link("acme", &format!("instance-{number}"), &format!("5511999991{number:03}")).await;
    }
    // Less than one check's time: nothing is begun, everything remains.
    let answer = check_within(&service, Duration::from_secs(5)).await;
    assert_eq!(counts(&answer), [("remaining", 21)], "{answer}");
    assert_eq!(rig.simulator().record().connections, 0);
    assert_eq!(counts(&check(&service).await), [("checked", 21), ("connected", 21)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_eight_sessions_are_checked_at_the_same_time() {
    let (rig, _, service) = later(11 * DAY).await;
    let mut devices = vec![rig.device.jid.clone()];
    for number in 0..11 {
        let name = format!("instance-{number}");
        devices.push(rig.link("acme", &name, &format!("5511999991{number:03}")).await.jid);
    }
    let mut arriving = FuturesUnordered::new();
    for device in &devices {
        let hold = HoldHandle::new();
        let reaction = Reaction::Hold(hold.clone());
        rig.simulator().script(Fault::new(Moment::Login, reaction).for_device(device));
        arriving.push(async move {
            hold.reached().await;
            hold
        });
    }
    let running = tokio::spawn({
        let service = Arc::clone(&service);
        async move { check(&service).await }
    });
    // Eight logins arrive, and each further one only when one is through.
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(arriving.next().await.unwrap());
    }
    for through in 0..12 {
        let arrived = rig.simulator().record().login_attempts.len();
        assert!(arrived <= 8 + through, "{arrived} with {through} through");
        waiting.pop().unwrap().release();
        if let Some(hold) = arriving.next().await {
            waiting.push(hold);
        }
    }
    assert_eq!(counts(&running.await.unwrap()), [("checked", 12), ("connected", 12)]);
    assert!(rig.simulator().record().overlaps.is_empty());
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_an_error_for_the_schedule_to_see() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    for _ in 0..3 {
        traffic.plan("Query", CallFault::ServerError);
    }
    let event = RawValue::from_string(json!({"action": "check"}).to_string()).unwrap();
    let invocation = Invocation {
        request_id: "check".to_owned(),
        trace_id: None,
        remaining: Duration::from_secs(29),
    };
    let error = entry::handle(&service, &event, invocation).await.unwrap_err();
    assert!(error.to_string().contains("cannot be listed"), "{error}");
}

/// A session that is linked again while a check could not take it: its own due time stays.
#[tokio::test]
async fn a_session_that_is_linked_again_beside_a_check_stays_in_the_index() {
    let hour = Duration::from_hours(1);
    let blocked = |session: &mut Attributes, now: UnixMillis| {
        session.insert("blocked_until".to_owned(), number(now.plus(hour).0));
        session.insert("blocked_by".to_owned(), text("throttled"));
    };
    let logged_out = |session: &mut Attributes, _: UnixMillis| {
        session.insert("session_state".to_owned(), text("logged_out"));
    };
    for of_before in [&blocked as &dyn Fn(&mut Attributes, UnixMillis), &logged_out] {
        let (rig, clock, _) = later(11 * DAY).await;
        let traffic = Traffic::new();
        let service = rig.service(clock.clone(), &traffic);
        let linked = rig.session().await;
        let mut before = linked.clone();
        of_before(&mut before, clock.now());
        rig.provisioner.put(before).await.unwrap();
        // It is refused the lease, and about to move the due time.
        let hold = HoldHandle::new();
        traffic.plan("UpdateItem", CallFault::HoldAfter(hold.clone()));
        let checking = tokio::spawn(async move { check(&service).await });
        hold.reached().await;
        let mut again = linked;
        again.insert("due_at".to_owned(), number(clock.now().plus(8 * DAY).0));
        rig.provisioner.put(again.clone()).await.unwrap();
        hold.release();
        checking.await.unwrap();
        assert_eq!(rig.session().await, again);
    }
}

/// One row that nobody can read keeps no other session from being checked.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_passed_over_and_counted() {
    let (rig, _, service) = later(11 * DAY).await;
    // More of them than one page has, and all longer due than the session.
    for number_of_it in 0..205_u64 {
        let row = HashMap::from([
            ("pk".to_owned(), text(format!("INSTANCE#acme#broken-{number_of_it}"))),
            ("sk".to_owned(), text("SESSION")),
            ("account".to_owned(), text("Not an account!")),
            ("instance".to_owned(), text("broken")),
            ("due".to_owned(), text("DUE")),
            ("due_at".to_owned(), number(number_of_it)),
        ]);
        rig.provisioner.put(row).await.unwrap();
    }
    let answer = check(&service).await;
    let expected = [("checked", 1), ("connected", 1), ("unreadable", 205)];
    assert_eq!(counts(&answer), expected, "{answer}");
}

/// A name that no request reaches any more is checked as before.
#[tokio::test]
async fn a_session_with_a_name_of_an_earlier_day_is_checked() {
    let (rig, _, service) = later(11 * DAY).await;
    let mut session = rig.session().await;
    session.insert("instance".to_owned(), text("100%?"));
    session.insert("pk".to_owned(), text("INSTANCE#acme#100%?"));
    // Its credentials do not open under another name; that it is asked for is enough.
    rig.provisioner.put(session).await.unwrap();
    let answer = check(&service).await;
    let expected = [("checked", 2), ("connected", 1), ("failed", 1)];
    assert_eq!(counts(&answer), expected, "{answer}");
}
