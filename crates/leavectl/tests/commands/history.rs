//! `leavectl history`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::items::{number, text};

use crate::rig::{GROUP, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unresolved_is_told_with_what_to_do() {
    let rig = Rig::start().await;
    assert!(rig.ok(&["history", "acme", "sales"]).contains("Nothing was left"));
    let mut session = rig.session("sales").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = u64::try_from(now.as_millis()).unwrap();
    let intent = |by: &str, at: u64| {
        AttributeValue::M(HashMap::from([
            ("by".to_owned(), text(by)),
            ("at".to_owned(), number(at)),
        ]))
    };
    let day = 24 * 60 * 60 * 1000;
    let intents = HashMap::from([
        (GROUP.to_owned(), intent("earlier", now - 1_000)),
        ("1-1@g.us".to_owned(), intent("this", now)),
        ("1-2@g.us".to_owned(), intent("long ago", now - day)),
    ]);
    session.insert("intents".to_owned(), AttributeValue::M(intents));
    session.insert("lease_owner".to_owned(), text("this"));
    session.insert("lease_until".to_owned(), number(now + 20_000));
    rig.provisioner.put(session).await.unwrap();
    let history = rig.json(&["history", "acme", "sales"]);
    let open: Vec<_> = history["unresolved"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["groupJid"].as_str().unwrap(), it["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(open, [("1-1@g.us", "under_way"), (GROUP, "lost"), ("1-2@g.us", "expired")]);
    let told = rig.ok(&["history", "acme", "sales"]);
    assert!(told.contains("the same leave again learns it"), "{told}");
    rig.refused(&["history", "acme", "nothing"], "does not exist");
}
