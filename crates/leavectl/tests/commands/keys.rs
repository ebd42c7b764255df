//! `leavectl key rotate`: no session is unreadable at any point.

use std::collections::BTreeSet;
use std::process::Stdio;

use local_stack::items::{Item, binary};
use local_stack::proxy::Proxy;
use local_stack::traffic::{Call, CallFault};
use whatsapp_simulator::{Device, HoldHandle};

use crate::rig::{Rig, id};

const NAMES: [&str; 4] = ["sales", "a", "b", "c"];

async fn fleet(rig: &Rig) -> Vec<Device> {
    let mut devices = vec![rig.device.clone()];
    for (index, name) in NAMES.iter().enumerate().skip(1) {
        devices.push(rig.link(name, &format!("551199999100{index}")).await);
    }
    devices
}

async fn assert_all_open(rig: &Rig, devices: &[Device]) {
    for (name, device) in NAMES.iter().zip(devices) {
        let opened = rig.provisioner.credentials(&id(name)).await.unwrap().unwrap();
        assert_eq!(*opened.noise_private_key, device.noise_private_key, "{name}");
    }
}

async fn keys_in_use(rig: &Rig) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for name in NAMES {
        keys.insert(Item(&rig.session(name).await).text("key_id").unwrap().to_owned());
    }
    keys
}

/// Sends a recorded call once more, and waits for its answer, whatever it is.
async fn send(dynamodb: &str, call: &Call) {
    let answer = call.again(dynamodb).await.unwrap();
    let understood = answer.contains("200 OK") || answer.contains("TransactionCanceledException");
    assert!(understood, "{answer}");
}

async fn current(rig: &Rig) -> String {
    let item = rig.provisioner.item("KEYS", "CURRENT").await.unwrap().unwrap();
    Item(&item).text("key_id").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_seals_every_session_with_a_new_key_and_keeps_the_old_one() {
    let rig = Rig::start().await;
    let devices = fleet(&rig).await;
    let old = current(&rig).await;
    let told = rig.ok(&["key", "rotate", "--prune"]);
    let new = current(&rig).await;
    assert_ne!(old, new);
    assert!(told.contains(&format!("{new} is new")) && told.contains("4 sessions"), "{told}");
    assert!(told.contains(&format!("{old} is kept: runs that began before")), "{told}");
    assert_eq!(keys_in_use(&rig).await, BTreeSet::from([new.clone()]));
    assert_all_open(&rig, &devices).await;
    let told = rig.ok(&["key", "rotate", "--resume"]);
    assert!(told.contains("0 sessions"), "{told}");
    assert_eq!(current(&rig).await, new, "--resume makes no key");
    rig.ok(&["key", "rotate"]);
    assert_ne!(current(&rig).await, new);
    assert_all_open(&rig, &devices).await;
}

/// Killed while its call is on the way, before and after it was applied, at each of
/// the calls of a rotation: moving CURRENT, and each session.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rotation_loses_nothing_and_is_ended_by_the_next() {
    let mut rig = Rig::start().await;
    let devices = fleet(&rig).await;
    let direct = rig.backends.dynamodb().to_owned();
    for step in 0..=NAMES.len() {
        for applied in [false, true] {
            let proxy = Proxy::start(&direct).await.unwrap();
            rig.set("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url());
            let hold = HoldHandle::new();
            for _ in 0..step {
                proxy.traffic().plan("TransactWriteItems", CallFault::Pass);
            }
            let fault = if applied {
                CallFault::HoldAfter(hold.clone())
            } else {
                CallFault::HoldBefore(hold.clone())
            };
            proxy.traffic().plan("TransactWriteItems", fault);
            let before = current(&rig).await;
            let mut child = rig
                .command(&["key", "rotate"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            hold.reached().await;
            assert_all_open(&rig, &devices).await;
            child.kill().unwrap();
            child.wait().unwrap();
            assert_all_open(&rig, &devices).await;

            rig.set("AWS_ENDPOINT_URL_DYNAMODB", &direct);
            let done = keys_in_use(&rig).await;
            if step > 0 {
                assert_ne!(current(&rig).await, before, "step {step}");
            }
            let cut_short = done != BTreeSet::from([current(&rig).await]);
            let told = rig.ok(&["key", "rotate"]);
            assert_eq!(told.contains("cut short"), cut_short, "step {step}, {applied}: {told}");
            assert_eq!(keys_in_use(&rig).await, BTreeSet::from([current(&rig).await]));
            assert_all_open(&rig, &devices).await;
            // The call that was on the way arrives now, after all of it.
            let mut calls = proxy.traffic().calls().into_iter();
            let held = calls.rfind(|call| call.operation == "TransactWriteItems").unwrap();
            hold.release();
            send(&direct, &held).await;
            assert_eq!(keys_in_use(&rig).await, BTreeSet::from([current(&rig).await]));
            assert_all_open(&rig, &devices).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_does_not_open_is_named_and_left_as_it_is() {
    let rig = Rig::start().await;
    fleet(&rig).await;
    let mut damaged = rig.session("b").await;
    damaged.insert("sealed".to_owned(), binary(vec![7; 80]));
    rig.provisioner.put(damaged.clone()).await.unwrap();
    let ran = rig.run(&["key", "rotate"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("3 sessions"), "{ran:?}");
    assert!(ran.stderr.contains("acme/b") && ran.stderr.contains("Link them again"), "{ran:?}");
    assert_eq!(rig.session("b").await, damaged);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sealing_key_changes_nothing() {
    let rig =
        Rig::start().await.with("SEALING_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let before = rig.items("").await;
    rig.refused(&["key", "rotate"], "check that SEALING_KEY");
    assert_eq!(rig.items("").await, before);
    rig.refused(&["group", "sync", "acme", "sales"], "check that SEALING_KEY");
    let (session, key) = (rig.session("sales").await, ("INSTANCE#acme#sales", "SESSION"));
    let was = &before[&(key.0.to_owned(), key.1.to_owned())];
    assert_eq!((&session["sealed"], &session["key_id"]), (&was["sealed"], &was["key_id"]));
}
