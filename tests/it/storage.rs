//! DynamoDB's moods: fail closed, lose nothing.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::HoldHandle;

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, driven, envelope};

driven! {
    a_passing_fault_of_any_kind_is_ridden_out {
        fault: "throttled, 5xx, reset, once",
        step: "any DynamoDB call",
        answer: "200",
        afterwards: "settled",
    }
    a_lasting_fault_of_the_gate_or_the_lease_lets_nobody_through {
        fault: "5xx that lasts",
        step: "gate, acquire",
        answer: "503 storage",
        afterwards: "no lease, no dial",
    }
    a_lease_whose_every_reply_is_lost_is_given_back {
        fault: "every reply lost after apply",
        step: "acquire",
        answer: "503 storage",
        afterwards: "the lease is given back",
    }
    a_roster_that_cannot_be_read_sends_nothing {
        fault: "5xx that lasts",
        step: "roster row",
        answer: "503 storage",
        afterwards: "nothing sent, settled",
    }
    a_transaction_conflict_is_retried_by_ourselves {
        fault: "`TransactionConflict`",
        step: "acquire, settle",
        answer: "200",
        afterwards: "settled",
    }
    a_table_that_is_missing_lets_nobody_in {
        fault: "no such table",
        step: "gate",
        answer: "503 storage",
        afterwards: "nothing",
    }
    a_corrupt_item_is_an_internal_error_and_takes_no_lease {
        fault: "corrupt session item",
        step: "acquire",
        answer: "500",
        afterwards: "no lease",
    }
    a_sealed_value_of_another_instance_does_not_open {
        fault: "sealed value damaged, or of another instance",
        step: "open credentials",
        answer: "500",
        afterwards: "no lease, no dial",
    }
}

const UNAVAILABLE: &str = "Service is temporarily unavailable. Try again later.";

fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

#[tokio::test]
async fn a_passing_fault_of_any_kind_is_ridden_out() {
    for fault in [
        CallFault::Reset,
        CallFault::ServerError,
        CallFault::Refuse("ProvisionedThroughputExceededException"),
        CallFault::Refuse("ThrottlingException"),
    ] {
        for operation in ["UpdateItem", "GetItem", "TransactWriteItems"] {
            let rig = Rig::start().await;
            let traffic = Traffic::new();
            let service = rig.local(&traffic);
            service.engine.preload().await;
            traffic.plan(operation, fault.clone());
            let reply = ask(&service, &usual()).await;
            assert_eq!(reply.status, 200, "{operation} {fault:?} {reply:?}");
            assert_eq!(traffic.unused_faults(), 0, "{operation} {fault:?}");
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn a_transaction_conflict_is_retried_by_ourselves() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    traffic.plan("UpdateItem", CallFault::Pass);
    traffic.plan("UpdateItem", CallFault::Refuse("TransactionConflictException"));
    traffic.plan("TransactWriteItems", CallFault::Conflict);
    assert_eq!(ask(&service, &usual()).await.status, 200);
    assert_eq!(traffic.unused_faults(), 0);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_lasting_fault_of_the_gate_or_the_lease_lets_nobody_through() {
    for passed in [0, 1] {
        let rig = Rig::start().await;
        let traffic = Traffic::new();
        let service = rig.local(&traffic);
        for _ in 0..passed {
            traffic.plan("UpdateItem", CallFault::Pass);
        }
        for _ in 0..3 {
            traffic.plan("UpdateItem", CallFault::ServerError);
        }
        let reply = ask(&service, &usual()).await;
        assert_eq!((reply.status, reply.body.clone()), (503, envelope(UNAVAILABLE)), "{passed}");
        assert_eq!(reply.header("x-ratelimit-limit").is_some(), passed == 1);
        assert_eq!(rig.simulator().record().connections, 0);
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_lease_whose_every_reply_is_lost_is_given_back() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    traffic.plan("UpdateItem", CallFault::Pass);
    for _ in 0..3 {
        traffic.plan("UpdateItem", CallFault::LoseReply);
    }
    let reply = ask(&service, &usual()).await;
    assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)));
    assert_eq!(traffic.unused_faults(), 0);
    rig.assert_settled().await;
    assert_eq!(ask(&service, &usual()).await.status, 200);
}

#[tokio::test]
async fn a_roster_that_cannot_be_read_sends_nothing() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    service.engine.preload().await;
    for _ in 0..3 {
        traffic.plan("GetItem", CallFault::ServerError);
    }
    let reply = ask(&service, &usual()).await;
    assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)));
    assert!(rig.simulator().record().iqs(&rig.device.jid).is_empty());
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    rig.assert_settled().await;
}

#[tokio::test]
async fn unknown_fields_of_an_item_are_left_alone() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    session.insert("of_a_later_version".to_owned(), AttributeValue::Bool(true));
    rig.provisioner.put(session).await.unwrap();
    assert_eq!(ask(&rig.local(&Traffic::new()), &usual()).await.status, 200);
    assert!(rig.session().await.contains_key("of_a_later_version"));
}

#[tokio::test]
async fn a_corrupt_item_is_an_internal_error_and_takes_no_lease() {
    for (attribute, value) in [
        ("session_state", AttributeValue::S("upside down".to_owned())),
        ("session_state", AttributeValue::N("1".to_owned())),
        ("sealed", AttributeValue::S("text".to_owned())),
        ("key_id", AttributeValue::Bool(true)),
    ] {
        let rig = Rig::start().await;
        let mut session = rig.session().await;
        session.insert(attribute.to_owned(), value);
        rig.provisioner.put(session).await.unwrap();
        let reply = ask(&rig.local(&Traffic::new()), &usual()).await;
        assert_eq!((reply.status, reply.body), (500, envelope("Internal error")), "{attribute}");
        rig.assert_settled().await;
        assert_eq!(rig.simulator().record().connections, 0);
    }
}

#[tokio::test]
async fn a_sealed_value_of_another_instance_does_not_open() {
    let rig = Rig::start().await;
    rig.link("other", "sales", "5511999990009").await;
    let theirs = rig.provisioner.item("INSTANCE#other#sales", "SESSION").await.unwrap().unwrap();
    let mut ours = rig.session().await;
    ours.insert("sealed".to_owned(), theirs["sealed"].clone());
    rig.provisioner.put(ours).await.unwrap();
    let reply = ask(&rig.local(&Traffic::new()), &usual()).await;
    assert_eq!((reply.status, reply.body), (500, envelope("Internal error")));
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn answers_for_foreign_and_for_missing_instances_are_the_same_bytes() {
    let rig = Rig::start().await;
    rig.link("other", "theirs", "5511999990009").await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let foreign = ask(&service, &Request::leave(ACCOUNT_TOKEN, "theirs", GROUP)).await;
    let missing = ask(&service, &Request::leave(ACCOUNT_TOKEN, "nobody", GROUP)).await;
    assert_eq!((foreign.status, &foreign.body), (missing.status, &missing.body));
    for call in traffic.calls() {
        assert!(!call.body.to_string().contains("INSTANCE#other"), "{call:?}");
    }
    drop(Arc::clone(&service));
}

#[tokio::test]
async fn a_table_that_is_missing_lets_nobody_in() {
    let rig = Rig::start().await;
    let clock = Arc::new(domain::clock::SystemClock::new());
    let service = rig.service_with(clock, &Traffic::new(), &[("TABLE_NAME", "nothing-here")]);
    service.engine.preload().await;
    let reply = ask(&service, &usual()).await;
    assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)));
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn a_slow_table_is_waited_for() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    for (operation, hold) in
        ["UpdateItem", "GetItem", "TransactWriteItems"].map(|name| (name, HoldHandle::new()))
    {
        traffic.plan(operation, CallFault::HoldAfter(hold.clone()));
        tokio::spawn(async move {
            hold.reached().await;
            hold.release();
        });
    }
    assert_eq!(ask(&service, &usual()).await.status, 200);
    assert_eq!(traffic.unused_faults(), 0);
    rig.assert_settled().await;
}
