//! What is learned about one device is written on that device only.

use domain::block::BlockReason;
use local_stack::items::{Item, number, text};
use operator::OperatorError;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::{Rig, id};

const PHONE: &str = "5511999990001";

fn banned() -> Reaction {
    Reaction::Failure { reason: 402, expire: Some(3_600) }
}

#[tokio::test]
async fn a_ban_of_the_tried_device_is_not_written_on_another() {
    let rig = Rig::start().await;
    let (live, tried) = (rig.device(PHONE), rig.device(PHONE));
    rig.operator.store_linked(&id("sales"), &live).await.unwrap();
    let mut before = rig.session("sales").await;
    before.remove("last_owner");
    for reaction in [banned(), Reaction::Failure { reason: 401, expire: None }] {
        rig.simulator().script(Fault::new(Moment::Login, reaction));
        let failed = rig.operator.verify(&id("sales"), &tried).await.unwrap_err();
        assert!(matches!(failed, OperatorError::WhatsApp(_)), "{failed}");
        let mut after = rig.session("sales").await;
        // The lease was held, and is given back.
        after.remove("last_owner");
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_ban_of_the_instances_own_device_is() {
    let rig = Rig::start().await;
    let device = rig.device(PHONE);
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    rig.simulator().script(Fault::new(Moment::Login, banned()));
    rig.operator.verify(&id("sales"), &device).await.unwrap_err();
    let session = rig.session("sales").await;
    assert_eq!(Item(&session).optional_text("blocked_by"), Some("banned"));
    // And then nothing is dialled with it.
    rig.simulator().clear_record();
    let blocked = rig.operator.verify(&id("sales"), &device).await.unwrap_err();
    let reason = BlockReason::Banned;
    assert!(matches!(blocked, OperatorError::Blocked { reason: r, .. } if r == reason));
    assert_eq!(rig.simulator().record().connections, 0);
    assert!(!rig.session("sales").await.contains_key("lease_owner"));
}

#[tokio::test]
async fn another_number_is_refused_before_anything_is_dialled() {
    let rig = Rig::start().await;
    let live = rig.device(PHONE);
    rig.operator.store_linked(&id("sales"), &live).await.unwrap();
    let other = rig.device("5511999990002");
    let refused = rig.operator.verify(&id("sales"), &other).await.unwrap_err();
    assert!(matches!(refused, OperatorError::OtherNumber { .. }), "{refused}");
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn a_device_that_another_instance_has_is_not_tried() {
    let rig = Rig::start().await;
    let device = rig.device(PHONE);
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    rig.operator.create_instance(&id("support")).await.unwrap();
    for name in ["support", "new"] {
        let taken = rig.operator.verify(&id(name), &device).await.unwrap_err();
        assert!(matches!(&taken, OperatorError::DeviceTaken { by, .. } if *by == id("sales")));
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn a_run_that_uses_the_device_is_not_disturbed() {
    let rig = Rig::with(&[("LEASE_WAIT_MS", "0")]).await;
    let device = rig.device(PHONE);
    rig.operator.store_linked(&id("sales"), &device).await.unwrap();
    let mut session = rig.session("sales").await;
    session.insert("lease_owner".to_owned(), text("a run"));
    session.insert("lease_until".to_owned(), number(rig.now().0 + 20_000));
    rig.provisioner.put(session.clone()).await.unwrap();
    let busy = rig.operator.verify(&id("sales"), &device).await.unwrap_err();
    assert!(matches!(busy, OperatorError::Busy { .. }), "{busy}");
    assert_eq!(rig.session("sales").await, session);
    assert_eq!(rig.simulator().record().connections, 0);
}
