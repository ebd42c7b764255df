//! Data keys.

use std::sync::Arc;
use std::time::Duration;

use local_stack::items::Item;
use local_stack::traffic::CallFault;
use whatsapp_simulator::HoldHandle;

use crate::rig::{Rig, id};

#[tokio::test]
async fn an_old_key_is_deleted_only_when_nothing_uses_it_and_its_last_runs_have_ended() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    let old = rig.operator.current_key().await.unwrap();
    let rotation = rig.operator.rotate_key(&mut |_, _| {}).await.unwrap();
    assert_eq!((rotation.is_new, rotation.resealed), (true, 1));
    let pruned = rig.operator.prune_keys().await.unwrap();
    assert_eq!((pruned.too_young, pruned.deleted.len()), (vec![old.clone()], 0));
    rig.clock.advance(Duration::from_secs(61));
    let pruned = rig.operator.prune_keys().await.unwrap();
    assert_eq!(pruned.deleted, [old]);
    rig.opens("sales", &device).await;
}

#[tokio::test]
async fn a_key_that_a_session_is_sealed_with_is_never_pruned() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    let old = rig.operator.current_key().await.unwrap();
    // CURRENT moves, and the reseal never arrives.
    rig.traffic.plan("TransactWriteItems", CallFault::Pass);
    rig.lose("TransactWriteItems", &CallFault::Reset);
    rig.operator.rotate_key(&mut |_, _| {}).await.unwrap_err();
    rig.traffic.forget_faults();
    rig.clock.advance(Duration::from_secs(61));
    let pruned = rig.operator.prune_keys().await.unwrap();
    assert_eq!((pruned.in_use, pruned.deleted.len()), (vec![old], 0));
    rig.opens("sales", &device).await;
    let ended = rig.operator.resume_rotation(&mut |_, _| {}).await.unwrap();
    assert_eq!((ended.is_new, ended.resealed), (false, 1));
}

/// A device that is linked while a rotation runs is sealed with the key that is
/// current when it is written, though another was when it was begun.
#[tokio::test]
async fn a_link_that_meets_a_rotation_is_sealed_with_the_new_key() {
    let rig = Arc::new(Rig::start().await);
    let device = rig.device("5511999990001");
    let old = rig.operator.current_key().await.unwrap();
    let hold = HoldHandle::new();
    rig.traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    let linking = {
        let (rig, device) = (Arc::clone(&rig), rig.device("5511999990002"));
        tokio::spawn(async move {
            rig.operator.store_linked(&id("sales"), &device).await.unwrap();
            device
        })
    };
    hold.reached().await;
    let rotation = rig.operator.rotate_key(&mut |_, _| {}).await.unwrap();
    hold.release();
    let linked = linking.await.unwrap();
    assert_ne!(rotation.key_id, old);
    let session = rig.session("sales").await;
    assert_eq!(Item(&session).text("key_id"), Ok(rotation.key_id.as_str()));
    rig.opens("sales", &linked).await;
    rig.operator.store_linked(&id("support"), &device).await.unwrap();
}

#[tokio::test]
async fn two_rotations_at_once_leave_every_session_under_the_current_key() {
    let rig = Rig::start().await;
    let devices: Vec<_> = (1..=3).map(|n| rig.device(&format!("551199999000{n}"))).collect();
    for (index, device) in devices.iter().enumerate() {
        rig.operator.store_linked(&id(&format!("i{index}")), device).await.unwrap();
    }
    let (mut one, mut other) = (|_, _| {}, |_, _| {});
    let both = tokio::join!(rig.operator.rotate_key(&mut one), rig.operator.rotate_key(&mut other));
    assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    let ended = rig.operator.resume_rotation(&mut |_, _| {}).await.unwrap();
    for (index, device) in devices.iter().enumerate() {
        let name = format!("i{index}");
        let session = rig.session(&name).await;
        assert_eq!(Item(&session).text("key_id"), Ok(ended.key_id.as_str()));
        rig.opens(&name, device).await;
    }
}
