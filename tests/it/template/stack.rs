//! Parameters, times and paths through the stack.

use std::collections::BTreeSet;

use domain::lease::LEASE;

use super::{properties, statements, template, walk};

#[test]
fn every_parameter_is_used_explained_and_in_one_group() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    let interface = &template["Metadata"]["AWS::CloudFormation::Interface"];
    let mut grouped = Vec::new();
    for group in interface["ParameterGroups"].as_array().unwrap() {
        grouped.extend(group["Parameters"].as_array().unwrap().iter().cloned());
    }
    let mut used = BTreeSet::new();
    for part in ["Conditions", "Resources", "Outputs"] {
        walk(&template[part], "", &mut |path, value| {
            let Some(text) = value.as_str() else { return };
            if path.ends_with("/Ref") {
                used.insert(text.to_owned());
            }
            used.extend(
                text.split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned())),
            );
        });
    }
    for (name, parameter) in parameters {
        let times = grouped.iter().filter(|other| *other == name).count();
        assert_eq!(times, 1, "{name} is in {times} groups");
        assert!(interface["ParameterLabels"][name]["default"].is_string(), "{name} has no label");
        assert!(parameter["Description"].is_string(), "{name} is not explained");
        assert!(used.contains(name), "{name} is not used");
        assert!(parameter.get("Default").is_some(), "{name}: a first deployment has to know it");
        let bounds = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(bounds.iter().any(|bound| parameter.get(bound).is_some()), "{name} takes anything");
    }
    assert_eq!(grouped.len(), parameters.len());
}

#[test]
fn an_answer_is_out_before_anything_above_the_function_gives_up() {
    let function = properties("Function");
    let timeout = function["Timeout"].as_u64().unwrap();
    let longest = LEASE.run.as_secs();
    assert!(timeout > longest, "{timeout} s for runs of {longest} s");
    let api = function["Events"]["EveryRequest"]["Properties"]["TimeoutInMillis"].as_u64().unwrap();
    assert!(timeout * 1000 < api && api <= 30_000, "{timeout} s and {api} ms");
    let visible = properties("Commands")["VisibilityTimeout"].as_u64().unwrap();
    assert!(visible >= timeout * 6, "{visible} s");
}

#[test]
fn everything_that_calls_the_function_calls_the_alias() {
    let function = properties("Function");
    assert_eq!(function["AutoPublishAlias"], "live");
    let role = statements(&properties("ScheduleRole")["Policies"]);
    let invoke = role.iter().find(|it| it["Action"] == "lambda:InvokeFunction").unwrap();
    assert_eq!(invoke["Resource"]["Fn::Sub"], "${Function.Arn}:live");
    let check = &function["Events"]["Check"]["Properties"];
    assert_eq!(check["Input"], r#"{"action":"check"}"#);
    assert_eq!(check["OmitName"], true, "two stacks would share a schedule's name");
}

#[test]
fn lambda_drops_no_line_by_its_level() {
    // A line is the request's metrics too, and it is written at INFO.
    assert_eq!(properties("Function")["LoggingConfig"]["ApplicationLogLevel"], "DEBUG");
}

#[test]
fn no_alarm_that_rolls_back_needs_the_api() {
    // The API needs the alias, and the alias these: it would be a circle.
    let function = properties("Function");
    for alarm in function["DeploymentPreference"]["Alarms"].as_array().unwrap() {
        let name = alarm["Ref"].as_str().unwrap();
        assert!(!properties(name).to_string().contains(r#""Ref":"Api""#), "{name}");
    }
}
