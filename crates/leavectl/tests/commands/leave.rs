//! `leavectl leave`.

use serde_json::json;
use whatsapp_simulator::Rank;

use crate::rig::{ANNOUNCEMENT, COMMUNITY, GROUP, Rig, SUBGROUP};

#[tokio::test(flavor = "multi_thread")]
async fn many_identifiers_are_left_over_one_connection_each_with_its_result() {
    let rig = Rig::start().await;
    rig.groups();
    let arguments = [
        "leave",
        "acme",
        "sales",
        GROUP,
        "https://chat.whatsapp.com/Code012",
        "NoSuchCode",
        "a b",
        "--yes",
        "--json",
    ];
    let ran = rig.run(&arguments);
    assert_eq!(ran.code, 1, "one of them was refused: {ran:?}");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let statuses: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, [200, 200, 404, 400]);
    assert_eq!(answer["results"][1]["groupJid"], SUBGROUP);
    assert_eq!(rig.simulator().record().logins(&rig.device.jid), 1);
    assert!(!rig.simulator().is_member(GROUP, &rig.device.phone));

    let history = rig.json(&["history", "acme", "sales"]);
    assert_eq!(history["left"].as_array().unwrap().len(), 2);
    assert!(history["left"][0]["requestId"].as_str().unwrap().starts_with("leavectl-"));
    assert_eq!(history["left"][0]["confirmed"], true);
    assert_eq!(history["unresolved"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_happen_and_sends_no_leave() {
    let rig = Rig::start().await;
    rig.groups();
    let rows = rig.items("INSTANCE#").await.len();
    let foreseen = rig.json(&["leave", "acme", "sales", GROUP, COMMUNITY, "--dry-run"]);
    assert_eq!(foreseen["dryRun"], true);
    assert_eq!(foreseen["results"][0]["group"]["subject"], "Leads");
    assert_eq!(foreseen["results"][0]["groupJid"], GROUP);
    assert_eq!(foreseen["results"][0]["message"], "Would leave the group");
    let along: Vec<_> = foreseen["results"][1]["along"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["groupJid"])
        .collect();
    assert_eq!(along, [ANNOUNCEMENT, SUBGROUP]);

    rig.simulator().set_rank(COMMUNITY, &rig.device.phone, Rank::Superadmin);
    let ran = rig.run(&[
        "leave",
        "acme",
        "sales",
        COMMUNITY,
        ANNOUNCEMENT,
        "SomeCode",
        "",
        "--dry-run",
        "--json",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let foreseen: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let statuses: Vec<_> =
        foreseen["results"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, [403, 403, 404, 400]);
    let people = rig.run(&["leave", "acme", "sales", COMMUNITY, "--dry-run"]).stdout;
    assert!(people.contains("403 Not allowed to leave this group"), "{people}");

    assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
    let iqs = rig.simulator().record().iqs(&rig.device.jid);
    assert!(iqs.iter().all(|iq| !iq.contains("leave")), "{iqs:?}");
    assert_eq!(rig.items("INSTANCE#").await.len(), rows);
    assert!(!rig.session("sales").await.contains_key("lease_owner"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_is_left_only_with_consent() {
    let rig = Rig::start().await;
    rig.groups();
    let ran = rig.run(&["leave", "acme", "sales", COMMUNITY]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(SUBGROUP) && ran.stderr.contains("--yes"), "{ran:?}");
    assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
    // A group needs none.
    rig.ok(&["leave", "acme", "sales", GROUP]);
    rig.ok(&["leave", "acme", "sales", COMMUNITY, "--yes"]);
    for jid in [COMMUNITY, ANNOUNCEMENT, SUBGROUP] {
        assert!(!rig.simulator().is_member(jid, &rig.device.phone), "{jid}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_instance_is_refused() {
    let rig = Rig::start().await;
    let ran = rig.run(&["leave", "acme", "nothing", GROUP, "--yes"]);
    assert_eq!((ran.code, ran.stdout.contains("404")), (1, true), "{ran:?}");
    rig.refused(&["leave", "acme", "nothing", GROUP, "--dry-run"], "does not exist");
    assert_eq!(rig.run(&["leave", "acme", "sales"]).code, 2);
}
