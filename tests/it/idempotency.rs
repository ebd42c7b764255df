//! `Idempotency-Key`: the first settled answer is given again, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, HoldHandle, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, envelope, success};

fn with_key(identifier: &str, key: &str) -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", identifier).header("Idempotency-Key", key)
}

#[tokio::test]
async fn a_kept_answer_is_given_again_without_whatsapp() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let first = ask(&service, &with_key(GROUP, "key-1")).await;
    assert_eq!((first.status, first.body.as_str()), (200, success(GROUP).as_str()));
    assert_eq!(first.header("idempotent-replayed"), None);
    let connections = rig.simulator().record().connections;
    for form in [GROUP, "120363406289005073"] {
        let again = ask(&service, &with_key(form, "key-1")).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert!(again.header("x-ratelimit-remaining").is_some());
    }
    assert_eq!(rig.simulator().record().connections, connections);
    let other = ask(&service, &with_key(GROUP, "key-2")).await;
    assert_eq!(other.status, 404, "another key is another request");
    let refused = ask(&service, &with_key(GROUP, "key-2")).await;
    assert_eq!((refused.status, refused.header("idempotent-replayed")), (404, Some("true")));
}

#[tokio::test]
async fn the_same_key_for_another_identifier_is_refused() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
    let other = ask(&service, &with_key("ABC123XYZ", "key-1")).await;
    let message = "Idempotency-Key was used for another request";
    assert_eq!((other.status, other.body), (422, envelope(message)));
}

#[tokio::test]
async fn answers_that_may_change_are_not_kept() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Drop));
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 503);
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
}

#[tokio::test]
async fn an_answer_is_kept_for_24_hours() {
    let rig = Rig::start().await;
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let service = rig.service(clock.clone(), &Traffic::new());
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
    clock.advance(Duration::from_hours(23));
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
    clock.advance(Duration::from_hours(2));
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 404);
}

#[tokio::test]
async fn a_recovered_answer_is_kept_too() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 503);
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
    let again = ask(&service, &with_key(GROUP, "key-1")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_at_once_with_one_key_one_leaves_and_all_answer_the_same() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let service = Arc::clone(&service);
        asked.spawn(async move { ask(&service, &with_key(GROUP, "key-1")).await });
    }
    while let Some(reply) = asked.join_next().await {
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.body), (200, success(GROUP)));
    }
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["leave"]);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_malformed_and_without_one_nothing_is_read_or_written_for_it() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    for key in ["", "with space", &"k".repeat(256)] {
        let reply = ask(&service, &with_key(GROUP, key)).await;
        assert_eq!((reply.status, reply.body), (400, envelope("Malformed request")), "{key:?}");
    }
    assert_eq!(ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await.status, 200);
    assert!(traffic.calls().iter().all(|call| !call.body.to_string().contains("ANSWER#")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_at_once_with_one_key_the_first_answer_is_kept_and_the_other_refused() {
    let rig = Rig::start().await;
    let other = rig.group(whatsapp_simulator::NewGroup::new("Other"), None).await;
    let service = rig.local(&Traffic::new());
    let hold = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
    let first = {
        let service = Arc::clone(&service);
        tokio::spawn(async move { ask(&service, &with_key(GROUP, "key-1")).await })
    };
    hold.reached().await;
    let second = {
        let service = Arc::clone(&service);
        let other = other.clone();
        tokio::spawn(async move { ask(&service, &with_key(&other, "key-1")).await })
    };
    hold.release();
    assert_eq!(first.await.unwrap().status, 200);
    assert_eq!(second.await.unwrap().status, 422);
    let again = ask(&service, &with_key(GROUP, "key-1")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.body, success(GROUP));
    assert_eq!(ask(&service, &with_key(&other, "key-1")).await.status, 422);
    rig.assert_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_kept_already_stays_and_stops_no_settling() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 200);
    let kept = rig.items().await.into_iter().find(|(sk, _)| sk.starts_with("ANSWER#")).unwrap().1;
    delete_kept(&rig, &kept).await;
    rig.simulator().add_member(GROUP, &rig.device.phone);
    rig.roster(GROUP, domain::group::GroupKind::Group).await;
    let before = HoldHandle::new();
    traffic.plan("TransactWriteItems", CallFault::HoldBefore(before.clone()));
    let second = {
        let service = Arc::clone(&service);
        tokio::spawn(async move { ask(&service, &with_key("ABC123XYZ", "key-1")).await })
    };
    before.reached().await;
    rig.provisioner.put(kept.clone()).await.unwrap();
    before.release();
    assert_eq!(second.await.unwrap().status, 200, "WhatsApp confirmed it");
    rig.assert_settled().await;
    assert!(rig.items().await.values().any(|item| *item == kept), "the first wins");
}

/// Its time passes, and the table sweeps it.
async fn delete_kept(rig: &Rig, kept: &local_stack::items::Attributes) {
    let table = rig.environment(&[])["TABLE_NAME"].clone();
    let delete = rig.provisioner.client().delete_item().table_name(table);
    let delete = delete.key("pk", kept["pk"].clone()).key("sk", kept["sk"].clone());
    delete.send().await.unwrap();
}

#[tokio::test]
async fn what_is_mended_by_linking_again_is_not_kept() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator()
        .script(Fault::new(Moment::Login, Reaction::Failure { reason: 401, expire: None }));
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 400);
    assert_eq!(ask(&service, &with_key(GROUP, "key-1")).await.status, 400);
    let mut session = rig.session().await;
    session.insert("session_state".to_owned(), local_stack::items::text("linked"));
    rig.provisioner.put(session).await.unwrap();
    let reply = ask(&service, &with_key(GROUP, "key-1")).await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, None));
}

#[tokio::test]
async fn settled_refusals_are_kept_and_nothing_else_is() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().revoke_invite("ABC123XYZ");
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 403 }));
    for (key, identifier, status) in [
        ("revoked", "ABC123XYZ", 404),
        ("nowhere", "Nowhere1", 404),
        ("refused", GROUP, 403),
        ("unknown", "120363400000000001", 404),
    ] {
        assert_eq!(ask(&service, &with_key(identifier, key)).await.status, status, "{key}");
        let again = ask(&service, &with_key(identifier, key)).await;
        assert_eq!((again.status, again.header("idempotent-replayed")), (status, Some("true")));
    }
    assert_eq!(ask(&service, &with_key("not an identifier", "invalid")).await.status, 400);
    let kept = rig.items().await.into_keys().filter(|sk| sk.starts_with("ANSWER#")).count();
    assert_eq!(kept, 4);
}

#[tokio::test]
async fn a_kept_answer_holds_no_invite_code() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    assert_eq!(ask(&service, &with_key("ABC123XYZ", "key-1")).await.status, 200);
    for (sk, item) in rig.items().await {
        assert!(!format!("{sk} {item:?}").contains("ABC123XYZ"), "{sk}");
    }
}
