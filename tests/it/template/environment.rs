//! The function's environment against the configuration that reads it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use leave_group::config::Config;
use serde_json::Value;
use store::seal::Sealing;

use super::{branches, properties, template};

/// What Lambda sets by itself.
const LAMBDAS_OWN: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "session"),
];

fn stand_in(name: &str, value: &Value) -> String {
    match name {
        "SEALING_KEY_ARN" => "arn:aws:kms:eu-west-1:111122223333:key/k".to_owned(),
        "WHATSAPP_VERSION" => "2.3000.1".to_owned(),
        "ALLOWED_ORIGINS" => "https://app.example.com".to_owned(),
        _ => {
            let template = template();
            let parameters = branches(value).into_iter().filter_map(|value| value["Ref"].as_str());
            let text = parameters.map(|name| &template["Parameters"][name]["Default"]).find_map(
                |default| match default {
                    Value::String(text) if !text.is_empty() => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                },
            );
            text.unwrap_or_else(|| "something".to_owned())
        }
    }
}

#[test]
fn the_environment_is_what_the_configuration_reads() {
    let given = properties("Function")["Environment"]["Variables"].as_object().unwrap().clone();
    let mut environment: BTreeMap<String, String> =
        given.iter().map(|(name, value)| (name.clone(), stand_in(name, value))).collect();
    for (name, value) in LAMBDAS_OWN {
        environment.insert(name.to_owned(), value.to_owned());
    }
    let asked = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        asked.borrow_mut().insert(name.to_owned());
        environment.get(name).cloned()
    })
    .unwrap();
    assert!(matches!(config.operation.sealing, Sealing::Kms(_)), "{:?}", config.operation.sealing);
    let asked = asked.into_inner();
    for name in given.keys() {
        assert!(asked.contains(name), "nobody reads {name}");
    }
    assert!(!given.contains_key("SEALING_KEY"), "a key in the configuration can be read there");
}
