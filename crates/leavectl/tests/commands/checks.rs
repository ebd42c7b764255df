//! `leavectl instance check`, `instance set-proxy`.

use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::Rig;

fn login(reason: u16, expire: Option<u64>) -> Fault {
    Fault::new(Moment::Login, Reaction::Failure { reason, expire })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_reports_records_and_ends_with_its_result() {
    for (fault, health, to_do) in [
        (login(401, None), "logged_out", "link it again"),
        (login(403, None), "locked", "look at the phone"),
        (login(406, None), "banned_for_good", "another number"),
        (login(402, Some(7_200)), "banned", "wait"),
        (login(405, None), "version_refused", "leavectl version refresh"),
        (login(503, None), "unreachable", "try again"),
    ] {
        let rig = Rig::start().await;
        let checked = rig.json(&["instance", "check", "acme", "sales"]);
        assert_eq!(checked["instances"][0]["health"], "connected", "{checked}");
        rig.simulator().script(fault);
        let ran = rig.run(&["instance", "check", "acme", "sales"]);
        let code = if matches!(health, "banned" | "unreachable") { 4 } else { 1 };
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stdout.contains(health) && ran.stdout.contains(to_do), "{ran:?}");
        assert_eq!(ran.stderr, "", "the result says it all");
        let shown = rig.json(&["instance", "show", "acme", "sales"]);
        assert_eq!(shown["health"], health, "{shown}");
        let by = match health {
            "logged_out" => "unlinked".into(),
            "locked" => "locked".into(),
            "banned_for_good" => "banned".into(),
            _ => serde_json::Value::Null,
        };
        assert_eq!(shown["loggedOutBy"], by, "{shown}");
        assert!(shown["leaseEndsAt"].is_null(), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_fleet_is_checked_each_session_once() {
    let rig = Rig::start().await;
    let mut devices = vec![rig.device.jid.clone()];
    for number in 10..22 {
        devices.push(rig.link(&format!("i{number}"), &format!("55119999900{number}")).await.jid);
    }
    rig.ok(&["instance", "create", "acme", "unlinked"]);
    rig.simulator().script(login(401, None).for_device(&devices[3]));
    let all = ["instance", "check", "--all", "--at-once", "3"];
    let (code, checked) = rig.ended(&all);
    assert_eq!(code, 1, "one is logged out: {checked}");
    let counts = |it: &serde_json::Value| {
        (it["checkedCount"].as_u64().unwrap(), it["notWellCount"].as_u64().unwrap())
    };
    assert_eq!(counts(&checked), (14, 2), "{checked}");
    assert_eq!(checked["instances"][13]["health"], "never_linked", "{checked}");
    let record = rig.simulator().record();
    for device in &devices {
        let attempts = record.login_attempts.iter().filter(|login| login.device == *device).count();
        assert_eq!(attempts, 1, "{device}");
    }
    assert!(record.overlaps.is_empty());
    let again = rig.json(&["instance", "check", "acme", "--all", "--state", "linked"]);
    assert_eq!(counts(&again), (12, 0), "{again}");
}

/// Many that were never linked are not "all well", and each is told so alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_linked_is_not_well_and_not_logged_out() {
    let rig = Rig::start().await;
    rig.ok(&["account", "create", "other"]);
    for name in ["one", "two"] {
        rig.ok(&["instance", "create", "other", name]);
    }
    let ran = rig.run(&["instance", "check", "other", "--all"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("2 checked, 2 not well: 2 never linked."), "{ran:?}");
    let (code, checked) = rig.ended(&["instance", "check", "other", "one"]);
    assert_eq!((code, &checked["instances"][0]["health"]), (1, &"never_linked".into()));
    assert_eq!(rig.simulator().record().connections, 0);
    assert_eq!(rig.json(&["instance", "show", "other", "one"])["state"], "never_linked");
    rig.refused(&["instance", "check", "nobody", "--all"], "does not exist");
    assert_eq!(rig.run(&["instance", "check", "acme", "--all"]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_checked_is_refused() {
    let rig = Rig::start().await;
    rig.refused(&["instance", "check", "acme", "nothing"], "does not exist");
    assert_eq!(rig.run(&["instance", "check"]).code, 2);
    assert_eq!(rig.run(&["instance", "check", "acme", "sales", "--all"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_set_shown_without_its_password_and_taken_away() {
    let rig = Rig::start().await;
    let proxy = "http://user:the-password-0001@127.0.0.1:9";
    let told = rig.ok(&["instance", "set-proxy", "acme", "sales", proxy]);
    assert!(told.contains("through http://…@127.0.0.1:9"), "{told}");
    let stored = format!("{:?}", rig.provisioner.items().await.unwrap());
    assert!(!stored.contains("the-password-0001"), "it is sealed");
    // Nothing listens there, and nothing else is tried.
    let ran = rig.run(&["instance", "check", "acme", "sales"]);
    assert_eq!(ran.code, 4);
    assert!(ran.stdout.contains("unreachable"), "{ran:?}");
    rig.refused_with(4, &["group", "sync", "acme", "sales"], "Check the proxy");
    assert_eq!(rig.simulator().record().connections, 0);
    assert!(rig.ok(&["instance", "set-proxy", "acme", "sales", "--none"]).contains("directly"));
    rig.ok(&["instance", "check", "acme", "sales"]);

    rig.ok(&["instance", "create", "acme", "unlinked"]);
    rig.refused(&["instance", "set-proxy", "acme", "unlinked", proxy], "not connected");
    let ran =
        rig.run(&["instance", "set-proxy", "acme", "sales", "ftp://user:the-password-0001@h:1"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
