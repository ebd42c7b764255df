//! `leavectl instance`.

use domain::credentials::Credentials;
use domain::tenant::{InstanceId, InstanceName};
use local_stack::items::{number, text};
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::{GROUP, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_made_listed_and_shown() {
    let rig = Rig::start().await;
    rig.ok(&["instance", "create", "acme", "support"]);
    rig.ok(&["account", "create", "other"]);
    rig.ok(&["instance", "create", "other", "sales"]);
    let listed = rig.json(&["instance", "list", "acme"]);
    let names: Vec<_> =
        listed["instances"].as_array().unwrap().iter().map(|it| &it["instance"]).collect();
    assert_eq!(names, ["sales", "support"]);
    assert_eq!(listed["instances"][0]["state"], "linked");
    assert_eq!(listed["instances"][1]["state"], "never_linked");
    assert_eq!(rig.json(&["instance", "list"])["instances"].as_array().unwrap().len(), 3);
    assert!(rig.ok(&["instance", "list", "acme"]).contains("acme/support"));

    rig.ok(&["token", "issue", "acme", "--instance", "sales", "--note", "CRM"]);
    let shown = rig.json(&["instance", "show", "acme", "sales"]);
    assert_eq!(shown["jid"], rig.device.jid.as_str());
    assert_eq!(shown["lid"], rig.device.lid.as_str());
    assert_eq!(shown["tokens"][0]["note"], "CRM");
    assert_eq!(shown["groupCount"], 0);
    assert!(rig.ok(&["instance", "show", "acme", "sales"]).contains(&rig.device.jid));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_takes_everything_of_the_instance_and_nothing_else() {
    let rig = Rig::start().await;
    rig.groups();
    rig.link("support", "5511999990002").await;
    let before = rig.items("").await;
    rig.ok(&["group", "sync", "acme", "sales"]);
    rig.ok(&["leave", "acme", "sales", GROUP, "--yes"]);
    rig.ok(&["token", "issue", "acme", "--instance", "sales"]);
    let told = rig.ok(&["instance", "delete", "acme", "sales", "--yes"]);
    assert!(told.contains("Unlink its device on the phone"), "{told}");
    let after = rig.items("").await;
    let gone: Vec<_> =
        before.keys().filter(|key| !after.contains_key(*key)).map(|key| key.0.as_str()).collect();
    assert_eq!(gone, ["DEVICE#5511999990001:1", "INSTANCE#acme#sales"]);
    assert!(after.keys().all(|key| before.contains_key(key)), "{:?}", after.keys());
    rig.refused(&["instance", "show", "acme", "sales"], "leavectl instance list acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_a_run_holds_is_left_alone() {
    let rig = Rig::start().await.with("LEASE_WAIT_MS", "0");
    let mut session = rig.session("sales").await;
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let until = u64::try_from(soon.as_millis()).unwrap() + 20_000;
    session.insert("lease_owner".to_owned(), text("a run"));
    session.insert("lease_until".to_owned(), number(until));
    rig.provisioner.put(session.clone()).await.unwrap();
    rig.refused_with(4, &["instance", "delete", "acme", "sales", "--yes"], "is busy");
    assert_eq!(rig.session("sales").await, session);
    assert!(rig.json(&["instance", "show", "acme", "sales"])["leaseEndsAt"].is_string());
    // A lease that has run out holds nobody up.
    session.insert("lease_until".to_owned(), number(1));
    rig.provisioner.put(session).await.unwrap();
    rig.ok(&["instance", "delete", "acme", "sales", "--yes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do_and_change_nothing() {
    let rig = Rig::start().await;
    let before = rig.items("").await;
    rig.refused(&["instance", "create", "acme", "sales"], "exists already");
    rig.refused(&["instance", "create", "nobody", "sales"], "leavectl account create nobody");
    rig.refused(&["instance", "delete", "acme", "sales"], "--yes");
    let device = format!("device {}, 0 groups, 0 leaves in its history, 0 tokens", rig.device.jid);
    rig.refused(&["instance", "delete", "acme", "sales"], &device);
    rig.refused(&["instance", "delete", "acme", "nothing", "--yes"], "does not exist");
    assert_eq!(rig.items("").await, before);
    assert_eq!(rig.run(&["instance", "create", "acme", "a/b"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_instances_device_is_unlinked_first_when_asked() {
    let rig = Rig::start().await;
    let told = rig.ok(&["instance", "delete", "acme", "sales", "--unlink", "--yes"]);
    assert!(told.contains("Its device is unlinked."), "{told}");
    assert!(rig.simulator().phone(&rig.device.phone).companions().is_empty());
    rig.refused(&["instance", "show", "acme", "sales"], "does not exist");

    // What cannot be unlinked is not deleted.
    rig.link("support", "5511999990002").await;
    let refused = Reaction::Failure { reason: 503, expire: None };
    rig.simulator().script(Fault::new(Moment::Login, refused));
    let delete = ["instance", "delete", "acme", "support", "--unlink", "--yes"];
    rig.refused_with(4, &delete, "nothing was deleted");
    assert!(!rig.session("support").await.contains_key("lease_owner"));
    // One that is unlinked already is no obstacle.
    let logged_out = Reaction::Failure { reason: 401, expire: None };
    rig.simulator().script(Fault::new(Moment::Login, logged_out));
    rig.ok(&delete);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_block_is_lifted_when_someone_consents() {
    let rig = Rig::start().await;
    let unblock = ["instance", "unblock", "acme", "sales"];
    assert!(rig.ok(&unblock).contains("is not blocked"));
    let mut session = rig.session("sales").await;
    session.insert("blocked_until".to_owned(), number(4_000_000_000_000));
    session.insert("blocked_by".to_owned(), text("banned"));
    rig.provisioner.put(session.clone()).await.unwrap();
    rig.refused(&unblock, "--yes");
    assert_eq!(rig.session("sales").await, session);
    let told = rig.ok(&[&unblock[..], &["-y"]].concat());
    assert!(told.contains("blocked no more"), "{told}");
    let session = rig.session("sales").await;
    assert!(!session.contains_key("blocked_until") && !session.contains_key("blocked_by"));
    assert!(rig.ok(&["instance", "check", "acme", "sales"]).contains("connected"));
    rig.refused(&["instance", "unblock", "acme", "nothing"], "does not exist");
}

/// Commands that are told are pasted: a name is one word in them.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_space_is_quoted_in_every_next_command() {
    let rig = Rig::start().await;
    for (name, words) in [("my sales", "'my sales'"), ("it's", r"'it'\''s'"), ("$(x)", "'$(x)'")] {
        let told = rig.ok(&["instance", "create", "acme", name]);
        assert!(told.contains(&format!("`leavectl instance link acme {words}`")), "{told}");
        let told = rig.ok(&["group", "list", "acme", name]);
        assert!(told.contains(&format!("`leavectl group sync acme {words}`")), "{told}");
    }
}

/// A name of an earlier day that no request reaches.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_no_request_reaches_is_named_and_moved() {
    let rig = Rig::start().await;
    let id = InstanceId {
        account: "acme".parse().unwrap(),
        name: InstanceName::of_stored("50% off?").unwrap(),
    };
    let device = rig.simulator().link_device("5511999990005");
    let credentials = Credentials {
        noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
        device: device.jid.parse().unwrap(),
        lid: None,
        proxy: None,
    };
    rig.provisioner.linked(&id, &credentials).await.unwrap();
    assert_eq!(rig.run(&["instance", "create", "acme", "50% off?"]).code, 2);
    let doctor = rig.run(&["doctor"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.stdout.contains("acme/50% off?"), "{doctor:?}");
    assert!(doctor.stdout.contains("leavectl instance rename"), "{doctor:?}");
    // As it is, it is shown, listed and checked.
    assert_eq!(rig.json(&["instance", "show", "acme", "50% off?"])["jid"], device.jid.as_str());
    assert!(rig.ok(&["instance", "list"]).contains("acme/50% off?"));
    assert!(rig.ok(&["instance", "check", "acme", "50% off?"]).contains("connected"));
    // No request leaves a group for it, so neither does the same operation here.
    rig.refused(&["leave", "acme", "50% off?", GROUP, "--yes"], "instance rename");
    rig.refused(&["leave", "acme", "50% off?", GROUP, "--dry-run"], "instance rename");

    assert_eq!(rig.run(&["instance", "rename", "acme", "50% off?", "a#b"]).code, 2);
    let told = rig.ok(&["instance", "rename", "acme", "50% off?", "half-price"]);
    assert!(told.contains("is acme/half-price now"), "{told}");
    assert!(rig.ok(&["instance", "check", "acme", "half-price"]).contains("connected"));
    assert_eq!(rig.run(&["doctor"]).code, 0);
    rig.refused(&["instance", "rename", "acme", "half-price", "sales"], "exists already");
    rig.ok(&["instance", "delete", "acme", "half-price", "--yes"]);
}
