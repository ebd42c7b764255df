//! The demonstration data.

use serde_json::Value;

use crate::rig::{Up, ran};

#[test]
fn what_is_seeded_has_the_names_that_people_know_it_by() {
    let up = Up::start(&[]);
    let (_, listed, _) = ran(&mut up.command(&["group", "list", "acme", "sales"]));
    for line in [
        "120363401000000001@g.us  Partners",
        "120363401000000010@g.us (community)  Neighbours",
        "├─ 120363401000000011@g.us (announcement group)  Neighbours",
        "└─ 120363401000000012@g.us (subgroup)  Garden",
        "120363406289005073@g.us  Leads",
    ] {
        assert!(listed.lines().any(|listed| listed == line), "{line}: {listed}");
    }
    let (_, tokens, _) = ran(&mut up.command(&["token", "list", "acme", "--json"]));
    let tokens: Value = serde_json::from_str(&tokens).unwrap();
    let mut notes: Vec<_> =
        tokens["tokens"].as_array().unwrap().iter().map(|token| token["note"].as_str()).collect();
    notes.sort_unstable();
    assert_eq!(
        notes,
        [
            Some("example token of events/"),
            Some("seeded by leavectl up"),
            Some("seeded by leavectl up for sales"),
            Some("seeded by leavectl up for support"),
        ]
    );
}

#[test]
fn instances_and_groups_are_told_by_the_words_of_other_commands_too() {
    let up = Up::start(&[]);
    for instance in up.said["instances"].as_array().unwrap() {
        assert_eq!(instance["instance"], instance["name"]);
        for group in instance["groups"].as_array().unwrap() {
            assert_eq!(group["groupJid"], group["jid"]);
            assert!(!group["subject"].as_str().unwrap().is_empty());
        }
    }
    assert_eq!(up.text("/instances/0/groups/0/subject"), "Leads");
}
