//! The table against the keys, indexes and attributes that the code uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::table::index;

use super::{properties, read, template, texts};

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
    assert_eq!(key_names(&table), keys("pk", "sk"));
    let indexes: BTreeMap<_, _> = table["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| (index["IndexName"].as_str().unwrap().to_owned(), index.clone()))
        .collect();
    let names: BTreeSet<_> = indexes.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from([index::BY_ACCOUNT, index::BY_DUE]));
    assert_eq!(key_names(&indexes[index::BY_ACCOUNT]), keys("account", "pk"));
    assert_eq!(key_names(&indexes[index::BY_DUE]), keys("due", "due_at"));
    let types: BTreeMap<_, _> = table["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["AttributeName"].as_str().unwrap(), it["AttributeType"].as_str().unwrap()))
        .collect();
    let expected = [("pk", "S"), ("sk", "S"), ("account", "S"), ("due", "S"), ("due_at", "N")];
    assert_eq!(types, BTreeMap::from(expected));
    let due = read("crates/store/src/session/due.rs");
    assert!(due.contains("due = :due AND due_at <= :now"), "the query of {}", index::BY_DUE);
    for attribute in ["account", "instance"] {
        let carried = texts(&indexes[index::BY_DUE]["Projection"]["NonKeyAttributes"]);
        assert!(carried.contains(attribute), "a check reads {attribute} out of the index");
    }
    let ttl = json!({"AttributeName": "expires_at", "Enabled": true});
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
