//! The schemas in `docs/json/`, and whether what was printed fits them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json")
}

/// That `printed` fits the schema, and has no member that the schema does not know.
pub(crate) fn check(name: &str, printed: &Value) {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json")));
    let mut schema =
        serde_json::from_str(&text.unwrap_or_else(|_| panic!("no schema {name}"))).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(printed).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{name}: {faults:?} in {printed}");
}

/// Lets no object have members that are not named. Published schemas do, so that what is
/// added later breaks nobody.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(all) => all.iter_mut().for_each(close),
        _ => {}
    }
}
