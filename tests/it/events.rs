//! The files of `events/`: what the README and `cargo lambda invoke` send too.

use domain::group::GroupKind;
use local_stack::items::number;
use local_stack::runtime_api::Outcome;
use serde_json::{Value, json};

use crate::support::{GROUP, Rig, Shape, fixture, success};

/// The files of a folder that hold an event, without their extension.
fn names(folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut names: Vec<String> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_file_is_answered_as_it_is() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let names = names("events");
    assert!(names.len() >= Shape::ALL.len());
    for name in names {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        rig.roster(GROUP, GroupKind::Group).await;
        if name == "command-check" {
            // Nothing is due so soon after linking.
            let nothing = json!({"checked": 0, "connected": 0, "fresh": 0, "loggedOut": 0,
                "banned": 0, "failed": 0, "remaining": 0, "unreadable": 0});
            let Outcome::Response(answer) = process.outcome(&fixture(&name).to_string()).await
            else {
                panic!("{name}")
            };
            assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), nothing);
            let mut session = rig.session().await;
            session.insert("due_at".to_owned(), number(1));
            session.remove("seen_at");
            rig.provisioner.put(session).await.unwrap();
            let Outcome::Response(answer) = process.outcome(&fixture(&name).to_string()).await
            else {
                panic!("{name}")
            };
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!((&answer["checked"], &answer["connected"]), (&json!(1), &json!(1)));
            continue;
        }
        if matches!(name.as_str(), "sqs" | "pipe-sqs" | "command-leave") {
            let Outcome::Response(answer) = process.outcome(&fixture(&name).to_string()).await
            else {
                panic!("{name}")
            };
            if name != "command-leave" {
                assert_eq!(answer, r#"{"batchItemFailures":[]}"#, "{name}");
            }
            assert!(!rig.simulator().is_member(GROUP, &rig.device.phone), "{name}: {answer}");
            continue;
        }
        let reply = process.event(&fixture(&name).to_string()).await;
        let expected =
            if name.contains("options") { (204, String::new()) } else { (200, success(GROUP)) };
        assert_eq!((reply.status, reply.body.clone()), expected, "{name}: {reply:?}");
    }
}

#[tokio::test]
async fn an_answer_has_the_form_of_its_origin() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let mut event = shape.fixture();
        event[shape.path_field()] = json!("/elsewhere");
        let Outcome::Response(answer) = process.outcome(&event.to_string()).await else {
            panic!("{shape:?}")
        };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["statusCode"], json!(404), "{shape:?}");
        assert_eq!(answer["isBase64Encoded"], json!(false), "{shape:?}");
        let (own, other) = match shape {
            Shape::LoadBalancerMultiValue => ("multiValueHeaders", "headers"),
            _ => ("headers", "multiValueHeaders"),
        };
        assert!(answer[own].as_object().is_some_and(|headers| !headers.is_empty()), "{answer}");
        assert!(answer[other].as_object().is_none_or(serde_json::Map::is_empty), "{answer}");
        let is_alb = matches!(shape, Shape::LoadBalancer | Shape::LoadBalancerMultiValue);
        assert_eq!(answer.get("statusDescription").is_some(), is_alb, "{answer}");
    }
}

#[tokio::test]
async fn the_request_id_is_the_gateways_own_or_lambdas() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let event = shape.fixture();
        let reply = process.event(&event.to_string()).await;
        let own = event["requestContext"]["requestId"].as_str();
        let id = reply.header("x-request-id").unwrap();
        match own {
            Some(own) => assert_eq!(id, own, "{shape:?}"),
            None => assert!(id.starts_with("00000000-"), "{shape:?} {id}"),
        }
    }
}

#[tokio::test]
async fn a_request_id_that_is_none_is_not_repeated() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for id in [json!("x".repeat(129)), json!("a b"), json!("a\nb"), json!("é"), json!("")] {
            let mut event = shape.fixture();
            event["requestContext"]["requestId"] = id;
            let reply = process.event(&event.to_string()).await;
            assert!(reply.header("x-request-id").unwrap().starts_with("00000000-"), "{reply:?}");
        }
    }
}

/// A shape is recognised whole or not at all: a source that is answered counts its
/// event as done.
#[tokio::test]
async fn what_is_of_no_kind_that_is_served_fails_its_invocation() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let names = names("events/refused");
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let event = fixture(&format!("refused/{name}"));
        let Outcome::Error(error) = process.outcome(&event.to_string()).await else {
            panic!("{name} was answered")
        };
        let error: Value = serde_json::from_str(&error).unwrap();
        assert_eq!(error["errorType"], "UnknownEvent", "{name}");
    }
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    assert_eq!(rig.simulator().record().connections, 0);
}

/// Every part that makes an event an HTTP request, taken away or made something else.
#[tokio::test]
async fn an_event_with_a_part_missing_is_of_no_kind() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let parts: &[&[&str]] = match shape {
            Shape::HttpApi | Shape::FunctionUrl | Shape::CargoLambda => &[
                &["version"],
                &["rawPath"],
                &["requestContext"],
                &["requestContext", "http"],
                &["requestContext", "http", "method"],
            ],
            Shape::HttpApiV1 | Shape::RestApi => {
                &[&["httpMethod"], &["path"], &["resource"], &["requestContext"]]
            }
            Shape::LoadBalancer | Shape::LoadBalancerMultiValue => &[
                &["httpMethod"],
                &["path"],
                &["requestContext", "elb"],
                &["requestContext", "elb", "targetGroupArn"],
            ],
        };
        for part in parts {
            for other in [Value::Null, json!(17), json!(["x", "y"])] {
                let mut event = shape.fixture();
                let place = part.iter().fold(&mut event, |at, name| &mut at[*name]);
                *place = other.clone();
                let outcome = process.outcome(&event.to_string()).await;
                let Outcome::Error(error) = outcome else {
                    panic!("{shape:?} {part:?} {outcome:?}")
                };
                assert!(error.contains("UnknownEvent"), "{shape:?} {part:?} {other} {error}");
            }
        }
        for (name, value) in
            [("action", json!("leave")), ("Records", json!([])), ("version", json!("3.0"))]
        {
            let mut event = shape.fixture();
            event[name] = value;
            let outcome = process.outcome(&event.to_string()).await;
            assert!(matches!(outcome, Outcome::Error(_)), "{shape:?} {name} {outcome:?}");
        }
    }
}

/// Only these three are called `localhost`, and one of them has decoded the path.
#[tokio::test]
async fn an_emulator_that_decodes_the_path_is_told_from_cargo_lambda() {
    let rig = Rig::start().await;
    rig.link("acme", "my shop", "5511999990003").await;
    let process = rig.process().await;
    let mut event = Shape::HttpApi.fixture();
    event["requestContext"]["domainName"] = json!("localhost");
    for (shape, path) in [
        (event, "/api/group/leave/my shop"),
        (Shape::CargoLambda.fixture(), "/api/group/leave/my%20shop"),
    ] {
        let mut event = shape;
        event["rawPath"] = json!(path);
        let reply = process.event(&event.to_string()).await;
        assert_eq!(reply.status, 404);
        assert!(reply.body.contains("not a member"), "the instance was found: {reply:?}");
    }
}

#[tokio::test]
async fn an_unknown_event_is_an_error_that_names_what_is_accepted() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for event in [
        json!({}),
        json!([]),
        json!("text"),
        json!({"requestContext": null}),
        json!({"requestContext": {}}),
        json!({"Records": []}),
        json!({"a": 1}),
    ] {
        let Outcome::Error(error) = process.outcome(&event.to_string()).await else {
            panic!("{event} was answered")
        };
        assert!(error.contains("expected an HTTP request of API Gateway"), "{error}");
        assert!(error.contains("SQS") && error.contains("identifiers"), "{error}");
    }
    let reply = process.event(&Shape::HttpApi.fixture().to_string()).await;
    assert_eq!(reply.status, 200, "the process lives on");
}

#[tokio::test]
async fn bytes_that_are_no_json_are_an_error_and_the_process_lives_on() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for event in ["", "{", "{\"requestContext\":", "\u{0}\u{1}", "nul", "[[[[[["] {
        let outcome = process.outcome(event).await;
        let Outcome::Error(error) = outcome else { panic!("{event:?} {outcome:?}") };
        assert!(error.contains("UnknownEvent"), "{event:?} {error}");
    }
    let reply = process.event(&Shape::HttpApi.fixture().to_string()).await;
    assert_eq!(reply.status, 200);
}
