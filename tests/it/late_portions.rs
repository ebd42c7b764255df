//! Portions of a long order for which no time is left.

use std::time::Duration;

use domain::group::GroupKind;
use local_stack::items::Item;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{HoldHandle, NewGroup};

use crate::support::{GROUP, Rig, leave_all, leave_all_within, statuses};

/// 41 groups; the table is silent at the first portion's settling, which uses the time up.
/// The second portion sends nothing, so nothing of it may be remembered.
#[tokio::test]
async fn a_portion_that_has_no_time_left_leaves_no_lease_and_no_intent() {
    let rig = Rig::start().await;
    let mut groups = Vec::new();
    for _ in 0..40 {
        groups.push(rig.group(NewGroup::new("One of many"), Some(GroupKind::Group)).await);
    }
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    service.engine.preload().await;
    let hold = HoldHandle::new();
    for _ in 0..3 {
        traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    }
    let mut identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    identifiers.push(GROUP);
    let results = leave_all_within(&service, &identifiers, Duration::from_secs(3)).await;
    assert_eq!(results[0].0, 200, "{results:?}");
    assert_eq!(results[40].0, 503, "{results:?}");
    traffic.forget_faults();
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone), "nothing was sent for it");
    let session = rig.session().await;
    let intents = Item(&session).map("intents").unwrap();
    let is_remembered = intents.contains_key(GROUP);
    // Others remove us; no leave of ours was ever sent.
    rig.simulator().remove_member(GROUP, &rig.device.phone);
    rig.expire_lease().await;
    let retried = leave_all(&service, &[GROUP]).await;
    assert_eq!((is_remembered, statuses(&retried)), (false, vec![404]), "no stanza named it");
}

/// The table applies the second portion's acquire and answers when the order's time is
/// over. Nothing was sent, the run knows it, and has no time kept to take it back.
#[tokio::test]
async fn an_acquire_that_is_answered_too_late_is_given_back() {
    let rig = Rig::start().await;
    let mut groups = Vec::new();
    for _ in 0..40 {
        groups.push(rig.group(NewGroup::new("One of many"), Some(GroupKind::Group)).await);
    }
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    service.engine.preload().await;
    let hold = HoldHandle::new();
    // The first portion's acquire; then the second one's, as often as it is tried.
    traffic.plan("UpdateItem", CallFault::Pass);
    for _ in 0..3 {
        traffic.plan("UpdateItem", CallFault::HoldAfter(hold.clone()));
    }
    let mut identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    identifiers.push(GROUP);
    let results = leave_all_within(&service, &identifiers, Duration::from_secs(3)).await;
    assert_eq!(results[0].0, 200, "{results:?}");
    assert_eq!(results[40].0, 503, "{results:?}");
    traffic.forget_faults();
    hold.release();
    let session = rig.session().await;
    let is_remembered = Item(&session).map("intents").unwrap().contains_key(GROUP);
    // Others remove us; no leave of ours was ever sent.
    rig.simulator().remove_member(GROUP, &rig.device.phone);
    rig.expire_lease().await;
    let retried = leave_all(&service, &[GROUP]).await;
    assert_eq!((is_remembered, statuses(&retried)), (false, vec![404]), "{results:?}");
}
