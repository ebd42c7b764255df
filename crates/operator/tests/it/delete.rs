//! A deletion that is cut short anywhere, or that runs beside a new link under the name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::Budget;
use local_stack::items::{Item, number, text};
use local_stack::traffic::CallFault;
use operator::OperatorError;
use operator::history::History;
use operator::link::Stored;
use store::session::AcquireError;
use whatsapp_simulator::{HoldHandle, NewGroup, Rank};

use crate::cut::{cut_after, writes};
use crate::rig::{Rig, id};
use crate::tokens::issue;

const NUMBER: &str = "5511999990001";
const ANOTHER: &str = "5511999990002";

/// A group of the number that owns it.
fn group(rig: &Rig, jid: &str, phone: &str) {
    let group = NewGroup::new("Leads").jid(jid).member(phone, Rank::Member);
    rig.simulator().create_group(group);
}

/// `sales` with rows, history, a kept answer, an open leave and a token of its own.
async fn used(rig: &Rig) {
    let device = rig.device(NUMBER);
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    group(rig, "120363400000000001@g.us", NUMBER);
    rig.operator.sync_roster(&id("sales")).await.unwrap();
    issue(rig, Some("sales")).await.unwrap();
    let mut session = rig.session("sales").await;
    let intent = AttributeValue::M(HashMap::from([
        ("by".to_owned(), text("a run")),
        ("at".to_owned(), number(rig.now().0)),
        ("began".to_owned(), number(rig.now().0)),
    ]));
    let intents = AttributeValue::M(HashMap::from([("1-1@g.us".to_owned(), intent)]));
    session.insert("intents".to_owned(), intents);
    let generation = session.get("generation").cloned();
    rig.provisioner.put(session).await.unwrap();
    for sk in ["LEFT#1700000000000#1-2@g.us#a", "ANSWER#00"] {
        let mut row = HashMap::from([
            ("pk".to_owned(), text("INSTANCE#acme#sales")),
            ("sk".to_owned(), text(sk)),
            ("jid".to_owned(), text("1-2@g.us")),
            ("group_kind".to_owned(), text("group")),
            ("left_at".to_owned(), number(1_700_000_000_000)),
            ("request_id".to_owned(), text("request")),
            ("confirmed".to_owned(), AttributeValue::Bool(true)),
        ]);
        row.extend(generation.clone().map(|generation| ("generation".to_owned(), generation)));
        rig.provisioner.put(row).await.unwrap();
    }
}

/// Another number under the name: nothing of the old one is there.
async fn assert_starts_empty(rig: &Rig) {
    let device = rig.device(ANOTHER);
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    rig.opens("sales", &device).await;
    assert_eq!(rig.operator.roster(&id("sales")).await, Ok(Vec::new()));
    assert_eq!(rig.operator.history(&id("sales")).await, Ok(History::default()));
    let details = rig.operator.instance(&id("sales")).await.unwrap();
    assert_eq!((details.groups, details.left, details.unresolved), (0, 0, 0));
    assert_eq!(details.tokens, []);
    assert!(rig.items("TOKEN#").await.is_empty());
    let kept = "120363400000000001@g.us".parse().unwrap();
    let budget = Budget::of(Duration::from_secs(10));
    let leased = rig.operator.engine().sessions.acquire(&id("sales"), &[], budget).await.unwrap();
    let rows = leased.rows(&[kept], budget).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
}

/// The writes of a deletion that is let through.
async fn whole() -> Vec<String> {
    let rig = Rig::start().await;
    used(&rig).await;
    rig.traffic.clear();
    let deleted = rig.operator.delete_instance(&id("sales")).await.unwrap();
    assert_eq!((deleted.rows, deleted.tokens), (3, 1));
    assert!(rig.items("INSTANCE#acme#sales").await.is_empty());
    assert!(rig.items("DEVICE#").await.is_empty() && rig.items("TOKEN#").await.is_empty());
    let index = rig.traffic.calls().into_iter().filter(|call| !call.body["IndexName"].is_null());
    assert_eq!(index.count(), 0, "the index may not have a token yet");
    writes(&rig)
}

#[tokio::test]
async fn one_that_is_cut_short_after_any_write_is_ended_by_another() {
    let whole = whole().await;
    assert!(whole.len() >= 6, "{whole:?}");
    for made in 0..whole.len() {
        let rig = Rig::start().await;
        used(&rig).await;
        cut_after(&rig, &whole, made);
        rig.operator.delete_instance(&id("sales")).await.unwrap_err();
        rig.traffic.forget_faults();
        // A lease that was taken ends with its time.
        rig.clock.advance(Duration::from_mins(1));
        // The lease, then the state.
        if made >= 2 {
            let budget = Budget::of(Duration::from_secs(10));
            let acquired = rig.operator.engine().sessions.acquire(&id("sales"), &[], budget).await;
            assert!(matches!(acquired, Err(AcquireError::NotFound)), "{made}: {acquired:?}");
            let refused = issue(&rig, Some("sales")).await.err().unwrap();
            assert_eq!(refused, OperatorError::Deleting(id("sales")), "{made}");
            let refused = rig.operator.create_instance(&id("sales")).await;
            assert_eq!(refused, Err(OperatorError::Deleting(id("sales"))), "{made}");
        }
        rig.operator.delete_instance(&id("sales")).await.unwrap();
        assert!(rig.items("INSTANCE#acme#sales").await.is_empty(), "{made}");
        assert!(rig.items("DEVICE#").await.is_empty(), "{made}");
        assert!(rig.items("TOKEN#").await.is_empty(), "{made}");
    }
}

#[tokio::test]
async fn another_number_under_the_name_of_one_that_was_cut_short_starts_empty() {
    let whole = whole().await;
    for made in 2..whole.len() {
        let rig = Rig::start().await;
        used(&rig).await;
        cut_after(&rig, &whole, made);
        rig.operator.delete_instance(&id("sales")).await.unwrap_err();
        rig.traffic.forget_faults();
        assert_starts_empty(&rig).await;
    }
}

#[tokio::test]
async fn one_that_runs_beside_a_new_link_deletes_nothing_of_that() {
    let rig = Arc::new(Rig::start().await);
    used(&rig).await;
    group(&rig, "120363400000000002@g.us", ANOTHER);
    // Its tokens are gone, and its rows about to be listed.
    let hold = HoldHandle::new();
    rig.traffic.plan("Query", CallFault::HoldBefore(hold.clone()));
    let deleting = {
        let rig = Arc::clone(&rig);
        tokio::spawn(async move { rig.operator.delete_instance(&id("sales")).await })
    };
    hold.reached().await;
    let device = rig.device(ANOTHER);
    assert_eq!(rig.operator.store_linked(&id("sales"), &device).await, Ok(Stored::Relinked));
    rig.operator.sync_roster(&id("sales")).await.unwrap();
    let token = issue(&rig, Some("sales")).await.unwrap();
    let session = rig.session("sales").await;
    hold.release();
    deleting.await.unwrap().unwrap();

    assert_eq!(rig.session("sales").await, session);
    rig.opens("sales", &device).await;
    let roster = rig.operator.roster(&id("sales")).await.unwrap();
    let jids: Vec<_> = roster.iter().map(|listed| listed.group.jid.as_str()).collect();
    assert_eq!(jids, ["120363400000000002@g.us"]);
    let tokens = rig.operator.tokens(&"acme".parse().unwrap()).await.unwrap();
    assert_eq!(tokens.iter().map(|it| &it.id).collect::<Vec<_>>(), [&token.id]);
}

/// The device that is claimed by another by now stays theirs.
#[tokio::test]
async fn a_claim_of_someone_else_is_left_alone() {
    let rig = Rig::start().await;
    used(&rig).await;
    let mut claim = rig.items("DEVICE#").await.into_values().next().unwrap();
    claim.insert("instance".to_owned(), text("support"));
    rig.provisioner.put(claim.clone()).await.unwrap();
    rig.operator.delete_instance(&id("sales")).await.unwrap();
    assert!(rig.items("INSTANCE#").await.is_empty());
    assert_eq!(Item(&claim).optional_text("instance"), Some("support"));
    assert_eq!(rig.items("DEVICE#").await.into_values().collect::<Vec<_>>(), [claim]);
}
