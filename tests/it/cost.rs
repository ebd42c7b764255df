//! What a leave costs: calls in a row and round trips, counted on the wire.

use std::sync::Arc;

use domain::clock::SystemClock;
use local_stack::traffic::Traffic;
use whatsapp_simulator::NewGroup;

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask};

/// Calls and round trips of one warm leave.
async fn cost(rig: &Rig, identifier: &str) -> (Vec<String>, usize) {
    let traffic = Traffic::new();
    let service = rig.service(Arc::new(SystemClock::new()), &traffic);
    service.engine.preload().await;
    traffic.clear();
    rig.simulator().clear_record();
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", identifier)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    (traffic.operations(), rig.simulator().record().round_trips(&rig.device.jid))
}

#[tokio::test]
async fn the_usual_leave_costs_three_calls_in_a_row_and_four_round_trips() {
    let rig = Rig::start().await;
    let (calls, round_trips) = cost(&rig, GROUP).await;
    // The roster row's GetItem runs beside connection and login.
    assert_eq!(calls, ["UpdateItem", "UpdateItem", "GetItem", "TransactWriteItems"]);
    assert_eq!(round_trips, 4);
}

#[tokio::test]
async fn an_invite_costs_one_call_and_one_round_trip_more() {
    let rig = Rig::start().await;
    let (mut calls, round_trips) = cost(&rig, "ABC123XYZ").await;
    // The row and the intent go side by side.
    calls[2..4].sort();
    assert_eq!(calls, ["UpdateItem", "UpdateItem", "GetItem", "UpdateItem", "TransactWriteItems"]);
    assert_eq!(round_trips, 5);
}

#[tokio::test]
async fn an_unknown_group_costs_one_call_and_one_round_trip_more() {
    let rig = Rig::start().await;
    let unknown = rig.group(NewGroup::new("Unknown"), None).await;
    let (calls, round_trips) = cost(&rig, &unknown).await;
    assert_eq!(
        calls,
        ["UpdateItem", "UpdateItem", "GetItem", "TransactWriteItems", "TransactWriteItems"]
    );
    assert_eq!(round_trips, 5);
}

#[tokio::test]
async fn a_leave_acknowledges_nothing_and_leaves_the_offline_queue_alone() {
    let rig = Rig::start().await;
    rig.simulator().queue_offline(&rig.device.jid, 3);
    cost(&rig, GROUP).await;
    let record = rig.simulator().record();
    assert_eq!(record.acks(), 0);
    assert_eq!(rig.simulator().offline_queued(&rig.device.jid), 3);
    assert_eq!(record.iqs(&rig.device.jid), ["leave"]);
    assert!(record.login_attempts.iter().all(|login| login.passive));
    assert_eq!(record.open_sockets(&rig.device.jid), 0);
}
