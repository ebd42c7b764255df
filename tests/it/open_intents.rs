//! Leaves whose outcome is not known are bounded, and none of them can keep a session
//! from settling.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Clock, SystemClock, UnixMillis};
use domain::group::GroupKind;
use local_stack::items::{Item, number, text};
use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, envelope, leave_all, statuses};

const TOO_MANY: &str = "Too many leaves of this instance have no known outcome. Try again later.";
const HOUR: Duration = Duration::from_hours(1);

fn jid(index: usize) -> String {
    format!("1203634000{index:08}@g.us")
}

/// Intents of other runs, `age` old, beside those that are there.
async fn intents(rig: &Rig, indexes: std::ops::Range<usize>, age: Duration) {
    let at = SystemClock::new().now().minus(age);
    let mut session = rig.session().await;
    let Some(AttributeValue::M(intents)) = session.get_mut("intents") else {
        panic!("{session:?}")
    };
    for index in indexes {
        intents.insert(jid(index), intent(at));
    }
    rig.provisioner.put(session).await.unwrap();
}

fn intent(at: UnixMillis) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("by".to_owned(), text("another-run")),
        ("began".to_owned(), number(at.0)),
        ("at".to_owned(), number(at.0)),
    ]))
}

async fn standing(rig: &Rig) -> usize {
    Item(&rig.session().await).map("intents").unwrap().len()
}

fn leave(identifier: &str) -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", identifier)
}

#[tokio::test]
async fn a_hundred_open_leaves_leave_no_room_for_another_and_nothing_is_sent() {
    for identifier in [GROUP, "ABC123XYZ"] {
        let rig = Rig::start().await;
        intents(&rig, 0..99, HOUR).await;
        intents(&rig, 99..100, HOUR * 23 + HOUR / 2).await;
        let service = rig.local(&Traffic::new());
        let reply = ask(&service, &leave(identifier)).await;
        assert_eq!((reply.status, reply.body.as_str()), (503, envelope(TOO_MANY).as_str()));
        let wait = reply.number("retry-after");
        assert!((1790..=1800).contains(&wait), "until the oldest one ends: {wait}");
        assert!(!rig.simulator().record().iqs(&rig.device.jid).contains(&"leave".to_owned()));
        assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
        assert_eq!(standing(&rig).await, 100);
        assert!(!rig.session().await.contains_key("lease_owner"));
    }
}

#[tokio::test]
async fn a_wait_for_room_is_an_hour_at_most() {
    let rig = Rig::start().await;
    intents(&rig, 0..100, HOUR).await;
    let reply = ask(&rig.local(&Traffic::new()), &leave(GROUP)).await;
    assert_eq!((reply.status, reply.number("retry-after")), (503, 3600));
}

#[tokio::test]
async fn a_retry_of_an_open_leave_always_passes_also_beside_one_that_has_no_room() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &leave(GROUP)).await.status, 503);
    intents(&rig, 0..99, HOUR).await;
    let other = rig.group(NewGroup::new("Other"), Some(GroupKind::Group)).await;
    let results = leave_all(&service, &[&other, GROUP]).await;
    assert_eq!(statuses(&results), [503, 200], "{results:?}");
    assert_eq!(results[0].1, TOO_MANY);
    // Its end made room.
    assert_eq!(ask(&service, &leave(&other)).await.status, 200);
    assert_eq!(standing(&rig).await, 99);
}

#[tokio::test]
async fn as_many_of_a_batch_are_left_as_there_is_room_for() {
    let rig = Rig::start().await;
    let mut groups = vec![GROUP.to_owned()];
    for _ in 0..4 {
        groups.push(rig.group(NewGroup::new("Other"), Some(GroupKind::Group)).await);
    }
    intents(&rig, 0..97, HOUR).await;
    let identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    let results = leave_all(&rig.local(&Traffic::new()), &identifiers).await;
    let left = statuses(&results).iter().filter(|status| **status == 200).count();
    let refused = results.iter().filter(|(_, message)| message == TOO_MANY).count();
    assert_eq!((left, refused), (3, 2), "{results:?}");
    assert_eq!(standing(&rig).await, 97);
}

#[tokio::test]
async fn a_group_whose_own_intent_has_ended_needs_room_like_any_other() {
    let rig = Rig::start().await;
    intents(&rig, 0..100, HOUR).await;
    let mut session = rig.session().await;
    let Some(AttributeValue::M(there)) = session.get_mut("intents") else { panic!() };
    there.insert(GROUP.to_owned(), intent(SystemClock::new().now().minus(HOUR * 25)));
    rig.provisioner.put(session).await.unwrap();
    let reply = ask(&rig.local(&Traffic::new()), &leave(GROUP)).await;
    assert_eq!((reply.status, reply.body), (503, envelope(TOO_MANY)));
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
}

#[tokio::test]
async fn ended_intents_never_lock_a_session_and_are_tidied_by_and_by() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    intents(&rig, 0..300, HOUR * 25).await;
    let reply = ask(&service, &leave(GROUP)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(standing(&rig).await, 220, "forty for room, forty at the end");
    assert!(!rig.session().await.contains_key("lease_owner"));
    for _ in 0..5 {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        assert_eq!(ask(&service, &leave(GROUP)).await.status, 200);
    }
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_run_whose_own_intents_are_many_settles_beside_many_that_have_ended() {
    let rig = Rig::start().await;
    let mut groups = Vec::new();
    for _ in 0..40 {
        groups.push(rig.group(NewGroup::new("Long"), Some(GroupKind::Group)).await);
    }
    // All of them open, and as many ended as one write tidies: the longest expressions.
    let at = SystemClock::new().now().minus(HOUR);
    let mut session = rig.session().await;
    let Some(AttributeValue::M(there)) = session.get_mut("intents") else { panic!() };
    there.extend(groups.iter().map(|jid| (jid.clone(), intent(at))));
    rig.provisioner.put(session).await.unwrap();
    intents(&rig, 0..300, HOUR * 25).await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    let throttle = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(60) };
    rig.simulator().script(Fault::new(Moment::Leave, throttle));
    assert!(statuses(&leave_all(&service, &identifiers).await).iter().all(|status| *status == 503));
    let session = rig.session().await;
    assert!(!session.contains_key("lease_owner"), "it was settled");
    let left = Item(&session).map("intents").unwrap();
    assert!(groups.iter().all(|jid| left.contains_key(jid)), "the open ones stay");
    assert_eq!(left.len(), 260, "forty of the ended ones went for room, and forty at the end");
    for call in traffic.calls() {
        for name in ["UpdateExpression", "ConditionExpression"] {
            let longest = longest(&call.body, name);
            assert!(longest <= 4096, "{}: {name} has {longest} bytes", call.operation);
        }
    }
}

/// The longest expression of that name in a call's body, in bytes.
fn longest(body: &serde_json::Value, name: &str) -> usize {
    match body {
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(member, value)| match value.as_str() {
                Some(expression) if member == name => expression.len(),
                _ => longest(value, name),
            })
            .max()
            .unwrap_or_default(),
        serde_json::Value::Array(values) => {
            values.iter().map(|value| longest(value, name)).max().unwrap_or_default()
        }
        _ => 0,
    }
}

#[tokio::test]
async fn a_check_and_a_leave_of_known_outcome_pass_whatever_a_session_has_gathered() {
    let rig = Rig::start().await;
    intents(&rig, 0..300, HOUR).await;
    let service = rig.local(&Traffic::new());
    let health = operation::check::one(
        &service.engine,
        &crate::support::id("acme", "sales"),
        operation::check::When::Always,
        domain::clock::Budget::of(Duration::from_secs(20)),
    )
    .await;
    assert_eq!(health, operation::check::Health::Connected);
    assert!(rig.session().await.contains_key("checked_at"));
}

#[tokio::test]
async fn a_community_with_very_many_groups_is_settled() {
    let rig = Rig::start().await;
    let kind = whatsapp_simulator::GroupKind::Community;
    let community = rig.group(NewGroup::new("Ours").kind(kind), Some(GroupKind::Community)).await;
    let parent = Some(community.parse().unwrap());
    for index in 0..250 {
        rig.roster(&jid(index), GroupKind::Subgroup { parent: parent.clone() }).await;
    }
    let reply = ask(&rig.local(&Traffic::new()), &leave(&community)).await;
    assert_eq!(reply.status, 200);
    rig.assert_settled().await;
    let rows = rig.items().await.into_keys().filter(|sk| sk.starts_with("GROUP#")).count();
    assert_eq!(rows, 1, "the one group that is no part of it");
}
