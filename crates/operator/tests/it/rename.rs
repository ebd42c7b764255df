//! Another name for an instance, cut short anywhere.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::tenant::{InstanceId, InstanceName};
use local_stack::items::{Item, number, text};
use operator::OperatorError;
use store::session::{AcquireError, Said, Settlement, Standing};
use whatsapp_simulator::{NewGroup, Rank};

use crate::cut::{cut_after, writes};
use crate::rig::{Rig, id};

const NUMBER: &str = "5511999990001";
const GROUP: &str = "120363400000000001@g.us";

/// A name of an earlier day that no request reaches.
fn old() -> InstanceId {
    let name = InstanceName::of_stored("what?").unwrap();
    InstanceId { account: "acme".parse().unwrap(), name }
}

/// An instance under such a name, with a row, history, a kept answer, an open leave and a
/// token of its own.
async fn used(rig: &Rig) -> Credentials {
    let device = rig.device(NUMBER);
    rig.operator.store_linked(&old(), &device).await.unwrap();
    let group = NewGroup::new("Leads").jid(GROUP).member(NUMBER, Rank::Member);
    rig.simulator().create_group(group);
    rig.operator.sync_roster(&old()).await.unwrap();
    crate::tokens::issue(rig, None).await.unwrap();
    let mut token = rig.items("TOKEN#").await.into_values().next().unwrap();
    token.insert("kind".to_owned(), text("instance"));
    token.insert("instance".to_owned(), text("what?"));
    rig.provisioner.put(token).await.unwrap();
    let mut session = rig.session("what?").await;
    let intent = AttributeValue::M(HashMap::from([
        ("by".to_owned(), text("a run")),
        ("at".to_owned(), number(rig.now().0)),
        ("began".to_owned(), number(rig.now().0)),
    ]));
    let intents = AttributeValue::M(HashMap::from([(GROUP.to_owned(), intent)]));
    session.insert("intents".to_owned(), intents);
    let generation = session.get("generation").cloned();
    rig.provisioner.put(session).await.unwrap();
    for sk in ["LEFT#1700000000000#1-2@g.us#a", "ANSWER#00"] {
        let mut row = HashMap::from([
            ("pk".to_owned(), text("INSTANCE#acme#what?")),
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
    device
}

/// Everything is under the new name, and nothing is left of the old one.
async fn assert_moved(rig: &Rig, device: &Credentials) {
    assert!(rig.items("INSTANCE#acme#what?").await.is_empty());
    rig.opens("what", device).await;
    let claim = rig.items("DEVICE#").await.into_values().next().unwrap();
    assert_eq!(Item(&claim).optional_text("instance"), Some("what"));
    let tokens = rig.operator.instance(&id("what")).await.unwrap().tokens;
    assert_eq!(tokens.len(), 1);
    let history = rig.operator.history(&id("what")).await.unwrap();
    assert_eq!(history.left.len(), 1);
    assert!(history.left[0].moved);
    assert_eq!(history.unresolved.len(), 1);
    let rows = rig.items("INSTANCE#acme#what").await;
    assert!(rows.contains_key(&("INSTANCE#acme#what".to_owned(), "ANSWER#00".to_owned())));

    // The evidence goes with it: an open leave is told as before.
    let budget = Budget::of(Duration::from_secs(10));
    let leased = rig.operator.engine().sessions.acquire(&id("what"), &[], budget).await.unwrap();
    let jid = GROUP.parse().unwrap();
    assert_eq!(leased.standing(&jid), Some(Standing::Earlier));
    assert_eq!(leased.rows(std::slice::from_ref(&jid), budget).await.unwrap().len(), 1);
}

async fn whole() -> Vec<String> {
    let rig = Rig::start().await;
    let device = used(&rig).await;
    assert_eq!(rig.operator.unreachable_instances().await, Ok(vec![old()]));
    rig.traffic.clear();
    let renamed = rig.operator.rename_instance(&old(), &id("what").name).await.unwrap();
    assert_eq!((renamed.rows, renamed.tokens), (3, 1));
    let writes = writes(&rig);
    assert_moved(&rig, &device).await;
    assert_eq!(rig.operator.unreachable_instances().await, Ok(vec![]));
    writes
}

#[tokio::test]
async fn one_that_is_cut_short_after_any_write_is_ended_by_another() {
    let whole = whole().await;
    assert!(whole.len() >= 6, "{whole:?}");
    for made in 0..whole.len() {
        let rig = Rig::start().await;
        let device = used(&rig).await;
        cut_after(&rig, &whole, made);
        rig.operator.rename_instance(&old(), &id("what").name).await.unwrap_err();
        rig.traffic.forget_faults();
        rig.clock.advance(Duration::from_mins(1));
        // One of the two names works.
        let mut works = Vec::new();
        for name in [old(), id("what")] {
            let budget = Budget::of(Duration::from_secs(10));
            match rig.operator.engine().sessions.acquire(&name, &[], budget).await {
                Ok(leased) => {
                    works.push(name);
                    leased.settle(&Said::default(), &Settlement::default(), budget).await.unwrap();
                }
                Err(AcquireError::NotFound) => {}
                Err(error) => panic!("{made}: {error}"),
            }
        }
        assert_eq!(works.len(), 1, "{made}: {works:?}");
        rig.operator.rename_instance(&old(), &id("what").name).await.unwrap();
        assert_moved(&rig, &device).await;
    }
}

/// What was copied by one that was cut short is no evidence when the rest is moved later.
#[tokio::test]
async fn a_row_that_went_meanwhile_is_not_moved() {
    let whole = whole().await;
    let rig = Rig::start().await;
    used(&rig).await;
    // The lease, and the copies.
    cut_after(&rig, &whole, 2);
    rig.operator.rename_instance(&old(), &id("what").name).await.unwrap_err();
    rig.traffic.forget_faults();
    rig.clock.advance(Duration::from_mins(1));
    let mut session = rig.session("what?").await;
    session.insert("intents".to_owned(), AttributeValue::M(HashMap::new()));
    rig.provisioner.put(session).await.unwrap();
    rig.simulator().remove_member(GROUP, NUMBER);
    rig.operator.sync_roster(&old()).await.unwrap();
    rig.operator.rename_instance(&old(), &id("what").name).await.unwrap();
    assert_eq!(rig.operator.roster(&id("what")).await, Ok(vec![]));
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_nothing_changes() {
    let rig = Rig::start().await;
    used(&rig).await;
    rig.operator.create_instance(&id("what")).await.unwrap();
    let before = rig.items("").await;
    let refused = rig.operator.rename_instance(&old(), &id("what").name).await;
    assert_eq!(refused, Err(OperatorError::InstanceExists(id("what"))));
    assert_eq!(rig.items("").await, before);
}

#[tokio::test]
async fn one_without_a_device_moves_too() {
    let rig = Rig::start().await;
    rig.operator.create_instance(&id("sales")).await.unwrap();
    rig.operator.rename_instance(&id("sales"), &id("what").name).await.unwrap();
    let names: Vec<_> =
        rig.operator.instances(None).await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(names, [id("what")]);
}
