//! `--json`: every command that does something has it, errors are JSON too, and one thing
//! has one word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rig::Rig;
use crate::{help, schema};

/// What prints nothing that a program would read as JSON: shells read it.
const FOR_SHELLS: [&str; 3] = ["completions", "env", "man"];

#[test]
fn every_command_prints_json_and_has_a_schema_for_it() {
    let mut all = BTreeMap::new();
    help::collect(&[], &mut all);
    assert!(all.len() > 25, "{all:?}");
    let mut described = BTreeSet::from(["error".to_owned()]);
    for (file, help) in all.iter().filter(|(_, help)| help::is_leaf(help)) {
        let name = file.trim_end_matches(".txt").to_owned();
        if FOR_SHELLS.contains(&name.as_str()) {
            continue;
        }
        assert!(help.contains("--json"), "{name} has no --json");
        assert!(schema::folder().join(format!("{name}.json")).exists(), "{name} has no schema");
        described.insert(name);
    }
    let files: BTreeSet<String> = std::fs::read_dir(schema::folder())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|it| it == "json"))
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, described);
}

/// Names of members, wherever they are in a schema.
fn members(schema: &Value, all: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                all.extend(properties.keys().cloned());
            }
            object.values().for_each(|it| members(it, all));
        }
        Value::Array(array) => array.iter().for_each(|it| members(it, all)),
        _ => {}
    }
}

#[test]
fn one_thing_has_one_word() {
    let mut all = BTreeSet::new();
    for file in std::fs::read_dir(schema::folder()).unwrap() {
        let file = file.unwrap().path();
        // Names that scripts of others rely on stand there beside ours.
        let is_older = ["up", "README"].iter().any(|it| file.file_stem().unwrap() == *it);
        if !is_older {
            members(&serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap(), &mut all);
        }
    }
    // Only a check of `doctor` has a name: no instance, account or token has.
    for other in
        ["issuedAt", "created", "checkResult", "result", "count", "checked", "at", "groupId"]
    {
        assert!(!all.contains(other), "{other}");
    }
    for name in &all {
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_json_where_json_was_asked_for() {
    let mut rig = Rig::start().await;
    rig.refused_json(&["instance", "show", "acme", "nothing"], 1, "does not exist");
    rig.refused_json(&["instance", "show"], 2, "required");
    rig.refused_json(&["instance", "show", "acme", "sales", "--nosuch"], 2, "--nosuch");
    rig.refused_json(&["account", "delete", "acme"], 1, "still has instances (sales)");
    rig.refused_json(&["instance", "delete", "acme", "sales"], 1, "add --yes");
    rig.refused_json(&["nosuch"], 2, "nosuch");
    rig.set("TABLE_NAME", "");
    rig.refused_json(&["account", "list"], 1, "TABLE_NAME");
}
