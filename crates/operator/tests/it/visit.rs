//! Visits: the lease is held for as long as the connection, and given back.

use local_stack::items::{number, text};
use local_stack::traffic::CallFault;
use operator::OperatorError;
use whatsapp_simulator::{Fault, Moment, NewGroup, Rank, Reaction};

use crate::rig::{Rig, id};

async fn linked(rig: &Rig) -> String {
    let device = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    device.device.to_string()
}

#[tokio::test]
async fn work_that_fails_gives_the_lease_back_and_closes_its_socket() {
    let rig = Rig::start().await;
    let device = linked(&rig).await;
    let silent = Reaction::IqError { code: 500, text: "no".to_owned(), backoff: None };
    rig.simulator().script(Fault::new(Moment::AnyIq, silent));
    let failed = rig.operator.sync_roster(&id("sales")).await.unwrap_err();
    assert!(matches!(failed, OperatorError::WhatsApp(_)), "{failed}");
    assert!(!rig.session("sales").await.contains_key("lease_owner"));
    assert_eq!(rig.simulator().record().open_sockets(&device), 0);
}

#[tokio::test]
async fn a_sync_whose_lease_was_taken_over_writes_nothing() {
    let rig = Rig::start().await;
    linked(&rig).await;
    let group = NewGroup::new("Leads").member("5511999990001", Rank::Member);
    rig.simulator().create_group(group);
    let outcome = rig
        .operator
        .visit(&id("sales"), async |visit, online, _| {
            online.participating(visit.budget()).await?;
            let mut session = rig.session("sales").await;
            session.insert("lease_owner".to_owned(), text("another run"));
            session.insert("lease_until".to_owned(), number(rig.now().0 + 20_000));
            rig.provisioner.put(session).await.unwrap();
            Ok(())
        })
        .await;
    assert_eq!(outcome, Err(OperatorError::LeaseExpired(id("sales"))));
    let busy = rig.operator.sync_roster(&id("sales")).await.unwrap_err();
    assert!(matches!(busy, OperatorError::Busy { .. }), "{busy}");
    assert_eq!(rig.operator.roster(&id("sales")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_roster_of_hundreds_is_written_in_fenced_transactions() {
    let rig = Rig::start().await;
    linked(&rig).await;
    for number in 0..230 {
        let group = NewGroup::new("Group")
            .jid(&format!("12036340000000{number:04}@g.us"))
            .member("5511999990001", Rank::Member);
        rig.simulator().create_group(group);
    }
    rig.traffic.clear();
    let synced = rig.operator.sync_roster(&id("sales")).await.unwrap();
    assert_eq!((synced.groups, synced.written), (230, 230));
    assert_eq!(rig.operator.roster(&id("sales")).await.unwrap().len(), 230);
    let transactions: Vec<_> = rig
        .traffic
        .calls()
        .into_iter()
        .filter(|call| call.operation == "TransactWriteItems")
        .map(|call| call.body["TransactItems"].as_array().unwrap().clone())
        .collect();
    assert_eq!(transactions.len(), 3);
    assert!(transactions.iter().all(|actions| actions[0].get("ConditionCheck").is_some()));
}

#[tokio::test]
async fn storage_that_throttles_is_tried_again() {
    let rig = Rig::start().await;
    linked(&rig).await;
    rig.traffic.plan("TransactWriteItems", CallFault::Conflict);
    rig.operator.create_instance(&id("support")).await.unwrap();
    assert_eq!(rig.traffic.unused_faults(), 0);
}

#[tokio::test]
async fn a_sync_keeps_the_lid_that_the_login_told_to_a_device_without_one() {
    let rig = Rig::start().await;
    let mut device = rig.device("5511999990001");
    let lid = device.lid.take().unwrap();
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    assert!(!rig.session("sales").await.contains_key("device_lid"));
    rig.operator.sync_roster(&id("sales")).await.unwrap();
    let session = rig.session("sales").await;
    let stored = local_stack::items::Item(&session).text("device_lid").unwrap();
    let user = |lid: &str| lid.split([':', '@']).next().unwrap().to_owned();
    assert_eq!(user(stored), user(&lid));
}

#[tokio::test]
async fn a_subject_of_any_length_stops_no_sync() {
    let rig = Rig::start().await;
    linked(&rig).await;
    let endless = "🦀".repeat(300_000);
    let group = NewGroup::new(&endless).member("5511999990001", Rank::Member);
    rig.simulator().create_group(group);
    let synced = rig.operator.sync_roster(&id("sales")).await.unwrap();
    assert_eq!(synced.written, 1);
    let roster = rig.operator.roster(&id("sales")).await.unwrap();
    assert_eq!(roster[0].subject.as_deref().map(|subject| subject.chars().count()), Some(500));
    assert_eq!(rig.operator.sync_roster(&id("sales")).await.unwrap().written, 0, "as it was");
}
