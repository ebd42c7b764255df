//! `leavectl account`.

use serde_json::json;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_listed_and_deleted_with_its_tokens() {
    let rig = Rig::start().await;
    assert!(rig.ok(&["account", "create", "other", "--note", "Other Ltd"]).contains("other"));
    let listed = rig.json(&["account", "list"]);
    assert_eq!(listed["accounts"][1]["account"], "other");
    assert_eq!(listed["accounts"][1]["note"], "Other Ltd");
    assert!(listed["accounts"][1]["createdAt"].as_str().unwrap().ends_with('Z'));
    let table = rig.ok(&["account", "list"]);
    assert!(table.starts_with("ACCOUNT"), "{table}");
    assert!(!table.contains('\u{1b}'), "no colours where there is no terminal");

    rig.ok(&["token", "issue", "other"]);
    assert_eq!(rig.items("TOKEN#").await.len(), 1);
    assert!(rig.ok(&["account", "delete", "other", "--yes"]).contains("and 1 token with it"));
    assert_eq!(rig.items("TOKEN#").await.len(), 0);
    assert_eq!(rig.json(&["account", "list"])["accounts"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do_and_change_nothing() {
    let rig = Rig::start().await;
    let before = rig.items("").await;
    rig.refused(&["account", "create", "acme"], "exists already");
    rig.refused(&["account", "delete", "nobody", "--yes"], "leavectl account create nobody");
    rig.refused(&["account", "delete", "acme", "--yes"], "sales");
    // What would be refused is refused before anybody is asked.
    rig.refused(&["account", "delete", "acme"], "still has instances (sales)");
    rig.ok(&["account", "create", "other"]);
    rig.ok(&["token", "issue", "other"]);
    rig.refused(&["account", "delete", "other"], "and its 1 token are to be deleted");
    rig.ok(&["account", "delete", "other", "-y"]);
    rig.refused(&["token", "list", "nobody"], "does not exist");
    rig.refused(&["instance", "list", "nobody"], "does not exist");
    assert_eq!(rig.items("").await, before);
    let ran = rig.run(&["account", "create", "Not An Id"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("1 to 64 characters"), "{ran:?}");
    assert_eq!(rig.run(&["account"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_in_the_index_that_instances_and_tokens_are_in() {
    let rig = Rig::start().await;
    let item = rig.provisioner.item("ACCOUNTS", "ACCOUNT#acme").await.unwrap().unwrap();
    assert!(!item.contains_key("account"));
    assert_eq!(
        rig.json(&["instance", "list", "acme"])["instances"][0]["jid"],
        json!(rig.device.jid)
    );
}
