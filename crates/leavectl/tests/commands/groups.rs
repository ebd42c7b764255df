//! `leavectl group`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::group::{Group, GroupKind};
use local_stack::items::{number, text};
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::{ANNOUNCEMENT, COMMUNITY, GROUP, Rig, SUBGROUP, id};

const GONE: &str = "120363409999999999@g.us";

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_makes_the_roster_what_whatsapp_says() {
    let rig = Rig::start().await;
    rig.groups();
    let gone = Group { jid: GONE.parse().unwrap(), kind: GroupKind::Group };
    rig.provisioner.group(&id("sales"), &gone).await.unwrap();
    let told = rig.ok(&["group", "sync", "acme", "sales"]);
    assert!(told.contains("in 4 groups: 4 rows written, 1 removed"), "{told}");
    let listed = rig.json(&["group", "list", "acme", "sales"]);
    let groups: Vec<_> = listed["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap_or("-").to_owned();
            (text("groupJid"), text("kind"), text("communityJid"), text("subject"))
        })
        .collect();
    let row = |jid: &str, kind: &str, parent: &str, subject: &str| {
        (jid.to_owned(), kind.to_owned(), parent.to_owned(), subject.to_owned())
    };
    assert_eq!(
        groups,
        [
            row(COMMUNITY, "community", "-", "Neighbours"),
            row(ANNOUNCEMENT, "announcement", COMMUNITY, "Neighbours"),
            row(SUBGROUP, "subgroup", COMMUNITY, "Garden"),
            row(GROUP, "group", "-", "Leads"),
        ]
    );
    let tree = rig.ok(&["group", "list", "acme", "sales"]);
    assert!(tree.contains(&format!("└─ {SUBGROUP} (subgroup)  Garden")), "{tree}");
    let again = rig.ok(&["group", "sync", "acme", "sales"]);
    assert!(again.contains("0 rows written, 0 removed"), "{again}");
    assert!(!rig.session("sales").await.contains_key("lease_owner"), "the lease is given back");

    // What was synced spares the leave its query.
    rig.simulator().clear_record();
    rig.ok(&["leave", "acme", "sales", GROUP, "--yes"]);
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_leave_is_unresolved_is_left_alone() {
    let rig = Rig::start().await;
    rig.groups();
    let gone = Group { jid: GONE.parse().unwrap(), kind: GroupKind::Group };
    rig.provisioner.group(&id("sales"), &gone).await.unwrap();
    let mut session = rig.session("sales").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let intent = AttributeValue::M(HashMap::from([
        ("by".to_owned(), text("an earlier run")),
        ("at".to_owned(), number(u64::try_from(now.as_millis()).unwrap())),
    ]));
    let intents = HashMap::from([(GONE.to_owned(), intent.clone()), (GROUP.to_owned(), intent)]);
    session.insert("intents".to_owned(), AttributeValue::M(intents));
    rig.provisioner.put(session).await.unwrap();
    let told = rig.ok(&["group", "sync", "acme", "sales"]);
    assert!(told.contains("3 rows written, 0 removed. 2 left alone"), "{told}");
    let rows = rig.items("INSTANCE#acme#sales").await;
    assert!(rows.keys().any(|key| key.1 == format!("GROUP#{GONE}")), "it is evidence");
    assert!(
        !rows.keys().any(|key| key.1 == format!("GROUP#{GROUP}")),
        "nothing is known of it yet"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapps_refusals_are_told_and_recorded() {
    let rig = Rig::start().await;
    rig.ok(&["instance", "create", "acme", "support"]);
    rig.refused(&["group", "sync", "acme", "support"], "not connected");
    rig.refused(&["group", "sync", "acme", "nothing"], "does not exist");
    rig.refused(&["group", "list", "acme", "nothing"], "does not exist");
    assert!(rig.ok(&["group", "list", "acme", "sales"]).contains("leavectl group sync"));

    let ban = Reaction::Failure { reason: 402, expire: Some(600) };
    rig.simulator().script(Fault::new(Moment::Login, ban));
    let sync = ["group", "sync", "acme", "sales"];
    rig.refused_with(4, &sync, "Wait until the ban ends");
    rig.refused_with(4, &sync, "bans instance acme/sales");
    assert_eq!(rig.json(&["instance", "show", "acme", "sales"])["blocked"]["reason"], "banned");

    let device = rig.link("other", "5511999990003").await;
    rig.simulator().unlink_device(&device.jid);
    rig.refused(&["group", "sync", "acme", "other"], "Link the device again");
    assert_eq!(rig.json(&["instance", "show", "acme", "other"])["state"], "logged_out");
}
