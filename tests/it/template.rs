//! `template.yaml` against the code: what the stack names is what the function has.

mod alarms;
mod calls;
mod environment;
mod permissions;
mod policy;
mod stack;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The template in its long form: `!Ref X` is `{"Ref": "X"}`.
fn template() -> Value {
    let text = read("template.yaml");
    long_form(&Yaml::load_from_str(&text).unwrap()[0])
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn long_form(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(values) => values.iter().map(long_form).collect(),
        Yaml::Mapping(values) => Value::Object(
            values
                .iter()
                .map(|(name, value)| (name.as_str().unwrap().to_owned(), long_form(value)))
                .collect(),
        ),
        Yaml::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            json!({name: long_form(value)})
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?}"),
    }
}

fn resources(kind: &str) -> Map<String, Value> {
    let template = template();
    let all = template["Resources"].as_object().unwrap().clone();
    let found: Map<_, _> =
        all.into_iter().filter(|(_, resource)| resource["Type"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

fn properties(name: &str) -> Value {
    let properties = template()["Resources"][name]["Properties"].clone();
    assert!(properties.is_object(), "no {name}");
    properties
}

/// Every value in `value`, with the names that lead to it.
fn walk<'a>(value: &'a Value, path: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(path, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(members) => {
            for (at, member) in members.iter().enumerate() {
                walk(member, &format!("{path}/{at}"), visit);
            }
        }
        _ => {}
    }
}

/// A member that may be one value or several.
fn each(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn texts(value: &Value) -> BTreeSet<String> {
    each(value).into_iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Both branches of an `!If`, or the value itself.
fn branches(value: &Value) -> Vec<&Value> {
    value["Fn::If"].as_array().map_or_else(|| vec![value], |all| all[1..].iter().collect())
}

/// The statements of one policy or several.
fn statements(policies: &Value) -> Vec<Value> {
    let policies = each(policies).into_iter();
    policies
        .flat_map(|policy| each(&policy["PolicyDocument"]["Statement"]).into_iter().cloned())
        .collect()
}

/// The statements of the function's role.
fn function_statements() -> Vec<Value> {
    statements(&properties("FunctionRole")["Policies"])
}
