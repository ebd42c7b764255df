//! Deleting an account beside someone who still puts things into it.

use std::sync::Arc;

use local_stack::traffic::CallFault;
use operator::OperatorError;
use whatsapp_simulator::HoldHandle;

use crate::rig::{Rig, id};
use crate::tokens::issue;

#[tokio::test]
async fn nothing_is_made_in_an_account_that_is_being_deleted() {
    let rig = Arc::new(Rig::start().await);
    issue(&rig, None).await.unwrap();
    let hold = HoldHandle::new();
    rig.traffic.plan("Scan", CallFault::HoldAfter(hold.clone()));
    let deleting = {
        let rig = Arc::clone(&rig);
        tokio::spawn(async move { rig.operator.delete_account(&"acme".parse().unwrap()).await })
    };
    hold.reached().await;
    let closing = OperatorError::AccountClosing("acme".parse().unwrap());
    assert_eq!(rig.operator.create_instance(&id("new")).await, Err(closing.clone()));
    assert_eq!(issue(&rig, None).await.err(), Some(closing.clone()));
    let device = rig.device("5511999990001");
    assert_eq!(rig.operator.store_linked(&id("new"), &device).await, Err(closing));
    hold.release();
    assert_eq!(deleting.await.unwrap(), Ok(1));
    assert!(rig.items("TOKEN#").await.is_empty() && rig.items("ACCOUNTS").await.is_empty());
}

/// What is in it is read from the table itself: the index follows by a moment.
#[tokio::test]
async fn an_account_in_use_stays_as_it_was() {
    let rig = Rig::start().await;
    rig.operator.create_instance(&id("sales")).await.unwrap();
    let before = rig.items("").await;
    rig.traffic.clear();
    let refused = rig.operator.delete_account(&"acme".parse().unwrap()).await.unwrap_err();
    assert!(matches!(refused, OperatorError::AccountInUse { .. }), "{refused}");
    assert_eq!(rig.items("").await, before);
    let reads = rig.traffic.calls().into_iter().filter(|call| call.operation == "Scan");
    assert!(reads.clone().all(|call| call.body["ConsistentRead"] == true));
    assert!(reads.count() > 0 && !rig.traffic.operations().contains(&"Query".to_owned()));
}

#[tokio::test]
async fn what_was_made_without_a_reply_is_made() {
    let rig = Rig::start().await;
    rig.lose("TransactWriteItems", &CallFault::LoseReply);
    rig.operator.create_account(&"other".parse().unwrap(), Some("Other")).await.unwrap();
    rig.operator.create_instance(&id("sales")).await.unwrap();
    rig.traffic.forget_faults();
    let exists = rig.operator.create_instance(&id("sales")).await;
    assert_eq!(exists, Err(OperatorError::InstanceExists(id("sales"))));
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_is_ended_by_another() {
    let rig = Rig::start().await;
    issue(&rig, None).await.unwrap();
    rig.traffic.plan("TransactWriteItems", CallFault::Pass);
    rig.lose("TransactWriteItems", &CallFault::Reset);
    rig.operator.delete_account(&"acme".parse().unwrap()).await.unwrap_err();
    rig.traffic.forget_faults();
    assert_eq!(rig.operator.delete_account(&"acme".parse().unwrap()).await, Ok(1));
}
