//! The table against the keys, indexes and attributes that the code uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::schema::{USED, UsedIndex};

use super::{properties, set, template, texts};

fn key_names(schema: &Value) -> Vec<(String, String)> {
    let keys = schema["KeySchema"].as_array().unwrap().iter();
    keys.map(|key| {
        let text = |name: &str| key[name].as_str().unwrap().to_owned();
        (text("KeyType"), text("AttributeName"))
    })
    .collect()
}

fn keys(hash: &str, range: &str) -> Vec<(String, String)> {
    vec![("HASH".to_owned(), hash.to_owned()), ("RANGE".to_owned(), range.to_owned())]
}

#[test]
fn the_table_has_the_keys_indexes_and_ttl_that_the_code_uses() {
    let table = properties("Table");
    assert_eq!(key_names(&table), keys(USED.partition, USED.sort));
    let indexes: BTreeMap<_, _> = table["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| (index["IndexName"].as_str().unwrap().to_owned(), index.clone()))
        .collect();
    let names: BTreeSet<_> = indexes.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from([USED.by_account.name, USED.by_due.name]));
    for UsedIndex { name, partition, sort, read } in [USED.by_account, USED.by_due] {
        assert_eq!(key_names(&indexes[name]), keys(partition, sort), "{name}");
        let projection = &indexes[name]["Projection"];
        assert_eq!(texts(&projection["NonKeyAttributes"]), set(read), "{name}");
    }
    let types: BTreeMap<_, _> = table["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["AttributeName"].as_str().unwrap(), it["AttributeType"].as_str().unwrap()))
        .collect();
    let expected = [("pk", "S"), ("sk", "S"), ("account", "S"), ("due", "S"), ("due_at", "N")];
    assert_eq!(types, BTreeMap::from(expected));
    let ttl = json!({"AttributeName": USED.ttl, "Enabled": true});
    assert_eq!(table["TimeToLiveSpecification"], ttl);
}

#[test]
fn table_and_key_outlive_the_stack() {
    let template = template();
    for name in ["Table", "SealingKey"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][name][policy], "Retain", "{name} {policy}");
        }
    }
    assert_eq!(properties("Table")["DeletionProtectionEnabled"], true);
}
