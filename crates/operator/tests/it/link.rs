//! Storing a linked device.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::items::{Item, number, text};
use local_stack::traffic::CallFault;
use operator::OperatorError;
use operator::device::NewDevice;
use operator::link::Stored;
use whatsapp_simulator::HoldHandle;

use crate::rig::{Rig, id};

#[tokio::test]
async fn a_new_device_is_sealed_with_the_current_key_claimed_and_due_for_a_check() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    assert_eq!(rig.operator.current_key_id().await.unwrap(), None);
    assert_eq!(rig.operator.store_linked(&id("sales"), &device).await, Ok(Stored::New));
    rig.opens("sales", &device).await;
    let session = rig.session("sales").await;
    let current = rig.operator.current_key_id().await.unwrap().unwrap();
    assert_eq!(Item(&session).text("key_id"), Ok(current.as_str()));
    assert_eq!(Item(&session).text("due"), Ok("DUE"));
    let claim = rig.provisioner.item("DEVICE#5511999990001:1", "DEVICE").await.unwrap().unwrap();
    assert_eq!(Item(&claim).text("instance"), Ok("sales"));
    rig.operator.sync_roster(&id("sales")).await.unwrap();
}

#[tokio::test]
async fn an_instance_made_before_takes_its_first_device() {
    let rig = Rig::start().await;
    rig.operator.create_instance(&id("sales")).await.unwrap();
    let device = rig.device("5511999990001");
    assert_eq!(rig.operator.store_linked(&id("sales"), &device).await, Ok(Stored::Relinked));
    rig.opens("sales", &device).await;
}

#[tokio::test]
async fn linking_again_keeps_the_intents_and_nothing_of_the_old_device() {
    let rig = Rig::start().await;
    let (old, new) = (rig.device("5511999990001"), rig.device("5511999990001"));
    rig.operator.store_linked(&id("sales"), &old).await.unwrap();
    let mut session = rig.session("sales").await;
    let intent = AttributeValue::M(HashMap::from([
        ("by".to_owned(), text("a run")),
        ("at".to_owned(), number(rig.now().0)),
    ]));
    let intents = AttributeValue::M(HashMap::from([("1-1@g.us".to_owned(), intent)]));
    session.insert("intents".to_owned(), intents.clone());
    session.insert("session_state".to_owned(), text("logged_out"));
    session.insert("blocked_until".to_owned(), number(u64::MAX >> 12));
    session.insert("blocked_by".to_owned(), text("banned"));
    session.insert("lease_owner".to_owned(), text("a run that crashed"));
    session.insert("lease_until".to_owned(), number(1));
    session.remove("due");
    let created = session["created_at"].clone();
    rig.provisioner.put(session).await.unwrap();
    rig.clock.advance(Duration::from_secs(5));

    assert_eq!(rig.operator.store_linked(&id("sales"), &new).await, Ok(Stored::Relinked));
    rig.opens("sales", &new).await;
    let session = rig.session("sales").await;
    assert_eq!(session["intents"], intents);
    assert_eq!(session["created_at"], created);
    assert_eq!(Item(&session).text("session_state"), Ok("linked"));
    assert_eq!(Item(&session).text("due"), Ok("DUE"));
    for name in ["blocked_until", "blocked_by", "lease_owner", "lease_until"] {
        assert!(!session.contains_key(name), "{name}");
    }
    assert!(rig.provisioner.item("DEVICE#5511999990001:1", "DEVICE").await.unwrap().is_none());
    assert!(rig.provisioner.item("DEVICE#5511999990001:2", "DEVICE").await.unwrap().is_some());
}

#[tokio::test]
async fn what_would_break_a_rule_is_refused_and_changes_nothing() {
    let rig = Rig::start().await;
    let (sales, other) = (rig.device("5511999990001"), rig.device("5511999990002"));
    rig.operator.store_linked(&id("sales"), &sales).await.unwrap();
    rig.operator.create_instance(&id("support")).await.unwrap();
    let before = rig.provisioner.items().await.unwrap();

    let taken = rig.operator.store_linked(&id("support"), &sales).await.unwrap_err();
    assert!(matches!(&taken, OperatorError::DeviceTaken { by, .. } if *by == id("sales")));
    assert!(taken.to_string().contains("acme/sales"), "{taken}");
    let number = rig.operator.store_linked(&id("sales"), &other).await.unwrap_err();
    assert!(matches!(number, OperatorError::OtherNumber { .. }), "{number}");
    let mut nobody = id("sales");
    nobody.account = "nobody".parse().unwrap();
    let refused = rig.operator.store_linked(&nobody, &other).await.unwrap_err();
    assert_eq!(refused, OperatorError::NoAccount(nobody.account));
    assert_eq!(rig.provisioner.items().await.unwrap().len(), before.len());
    rig.opens("sales", &sales).await;
}

#[tokio::test]
async fn a_run_that_holds_the_session_is_not_disturbed() {
    let rig = Rig::with(&[("LEASE_WAIT_MS", "0")]).await;
    let (old, new) = (rig.device("5511999990001"), rig.device("5511999990001"));
    rig.operator.store_linked(&id("sales"), &old).await.unwrap();
    let mut session = rig.session("sales").await;
    session.insert("lease_owner".to_owned(), text("a run"));
    session.insert("lease_until".to_owned(), number(rig.now().0 + 20_000));
    rig.provisioner.put(session.clone()).await.unwrap();
    let busy = rig.operator.store_linked(&id("sales"), &new).await.unwrap_err();
    assert!(matches!(busy, OperatorError::Busy { .. }), "{busy}");
    assert_eq!(rig.session("sales").await, session);
    rig.clock.advance(Duration::from_secs(21));
    rig.operator.store_linked(&id("sales"), &new).await.unwrap();
}

#[tokio::test]
async fn a_lost_reply_does_not_link_twice() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    rig.operator.current_key().await.unwrap();
    rig.traffic.plan("TransactWriteItems", CallFault::LoseReply);
    assert_eq!(rig.operator.store_linked(&id("sales"), &device).await, Ok(Stored::New));
    rig.opens("sales", &device).await;
    assert_eq!(rig.traffic.unused_faults(), 0);
}

/// All replies are lost, and the table has it: then it is stored.
#[tokio::test]
async fn a_device_that_was_stored_without_a_reply_is_read_back() {
    for is_there in [false, true] {
        let rig = Rig::start().await;
        rig.operator.current_key().await.unwrap();
        if is_there {
            let old = rig.device("5511999990001");
            rig.operator.store_linked(&id("sales"), &old).await.unwrap();
        }
        let device = rig.device("5511999990001");
        rig.lose("TransactWriteItems", &CallFault::LoseReply);
        let stored = rig.operator.store_linked(&id("sales"), &device).await.unwrap();
        rig.traffic.forget_faults();
        assert_eq!(stored, if is_there { Stored::Relinked } else { Stored::New });
        rig.opens("sales", &device).await;
        assert!(!rig.session("sales").await.contains_key("lease_owner"));
    }
}

/// It never arrives. Where there is a lease it can be given back, and then it is certain;
/// a first one may still be on its way.
#[tokio::test]
async fn what_may_be_stored_is_told_apart_from_what_is_not() {
    let rig = Rig::start().await;
    let (old, new) = (rig.device("5511999990001"), rig.device("5511999990001"));
    rig.operator.store_linked(&id("sales"), &old).await.unwrap();
    rig.lose("TransactWriteItems", &CallFault::Reset);
    let error = rig.operator.store_linked(&id("sales"), &new).await.unwrap_err();
    assert!(matches!(error, OperatorError::Unreachable(_)), "{error}");
    assert!(!rig.session("sales").await.contains_key("lease_owner"));
    let other = rig.device("5511999990002");
    let error = rig.operator.store_linked(&id("support"), &other).await.unwrap_err();
    assert!(matches!(error, OperatorError::MayBeStored { .. }), "{error}");
    assert!(error.to_string().contains("instance link --resume acme support"), "{error}");
    rig.traffic.forget_faults();
    rig.opens("sales", &old).await;
    // Asked again, it is stored.
    assert_eq!(rig.operator.store_linked(&id("support"), &other).await, Ok(Stored::New));
}

#[tokio::test]
async fn a_proxy_that_is_set_while_a_link_waits_is_kept() {
    let rig = Arc::new(Rig::start().await);
    let old = rig.device("5511999990001");
    rig.operator.store_linked(&id("sales"), &old).await.unwrap();
    let hold = HoldHandle::new();
    rig.traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    let linking = {
        let rig = Arc::clone(&rig);
        tokio::spawn(async move {
            let new = rig.device("5511999990001");
            rig.operator.store_linked(&id("sales"), &new).await.unwrap();
            new
        })
    };
    hold.reached().await;
    let proxy = "http://proxy.example.com:3128".parse().unwrap();
    rig.operator.set_proxy(&id("sales"), Some(&proxy)).await.unwrap();
    hold.release();
    let new = linking.await.unwrap();
    rig.opens("sales", &new).await;
    assert_eq!(rig.operator.proxy(&id("sales")).await, Ok(Some(proxy)));
}

/// The keys of a first login go with the device, whatever seals it anew.
#[tokio::test]
async fn the_keys_of_a_first_login_are_kept_until_it_has_ended() {
    let rig = Rig::start().await;
    let device = rig.device("5511999990001");
    let new = NewDevice { first_login: Some(b"the device's keys"), ..NewDevice::finished(&device) };
    rig.operator.store_device(&id("sales"), &new).await.unwrap();
    let sealed = format!("{:?}", rig.session("sales").await["first_login"]);
    assert!(!sealed.contains("keys"), "{sealed}");
    rig.operator.rotate_key(&mut |_, _| {}).await.unwrap();
    let proxy = "http://proxy.example.com:3128".parse().unwrap();
    rig.operator.set_proxy(&id("sales"), Some(&proxy)).await.unwrap();
    rig.operator.rename_instance(&id("sales"), &"support".parse().unwrap()).await.unwrap();
    rig.clock.advance(Duration::from_mins(2));
    rig.operator.prune_keys().await.unwrap();

    let unfinished = rig.operator.unfinished_login(&id("support")).await.unwrap();
    assert_eq!(unfinished.keys.as_slice(), b"the device's keys");
    assert_eq!(unfinished.credentials.device, device.device);
    assert!(rig.operator.is_unfinished(&id("support")).await.unwrap());
    // Another device's end is not this one's.
    let other = rig.device("5511999990001").device;
    rig.operator.end_first_login(&id("support"), &other).await.unwrap();
    assert!(rig.operator.is_unfinished(&id("support")).await.unwrap());
    rig.operator.end_first_login(&id("support"), &device.device).await.unwrap();
    let ended = rig.operator.unfinished_login(&id("support")).await.err().unwrap();
    assert_eq!(ended, OperatorError::NothingToResume(id("support")));
}
