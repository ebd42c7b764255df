//! Hostile bytes at every reader: events, and frames of a server that is not WhatsApp.

use std::time::Duration;

use local_stack::traffic::Traffic;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use serde_json::value::RawValue;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Reply, Request, Rig, Shape, ask_within, cases, driven};

driven! {
    bytes_of_a_hostile_server_never_make_a_success_or_a_panic {
        fault: "random bytes",
        step: "hello, login, leave",
        answer: "503",
        afterwards: "still in the group",
    }
}

fn runner(usual: u32) -> TestRunner {
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases(usual)) })
}

/// JSON of any form, with the names that the reader looks for.
fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "requestContext",
            "http",
            "elb",
            "method",
            "rawPath",
            "path",
            "httpMethod",
            "headers",
            "multiValueHeaders",
            "rawQueryString",
            "queryStringParameters",
            "domainName",
            "targetGroupArn",
            "resource",
            "resourcePath",
            "version",
            "action",
            "Records",
            "eventSource",
            "messageId",
            "account",
            "instance",
            "identifiers",
            "requestId",
            "multiValueQueryStringParameters",
            "token",
            "identifier",
            "isBase64Encoded",
            "body",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "DELETE",
            "/api/group/leave/sales",
            ACCOUNT_TOKEN,
            GROUP,
            "%",
            "identifier=%zz",
            "1.0",
            "2.0",
            "aws:sqs",
            "leave",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..8).prop_map(Value::from_iter),
        ]
    })
}

#[test]
fn an_event_of_any_form_is_answered_or_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(Rig::start());
    let service = rig.local(&Traffic::new());
    let handle = |text: String| {
        let event = RawValue::from_string(text).unwrap();
        let invocation = leave_group::entry::Invocation {
            trace_id: None,
            request_id: "fuzz".to_owned(),
            remaining: Duration::from_secs(5),
        };
        runtime.block_on(leave_group::entry::handle(&service, &event, invocation))
    };
    let result = runner(2_000).run(&json(), |event| {
        match handle(event.to_string()) {
            Ok(answer) if answer.get().starts_with(r#"{"batchItemFailures":"#) => {
                prop_assert!(event.is_array() || event["Records"].is_array(), "{}", event);
            }
            Ok(answer) if answer.get().starts_with(r#"{"results":"#) => {
                prop_assert!(event["action"].is_string(), "{}", event);
            }
            Ok(answer) => {
                prop_assert!(event["requestContext"].is_object(), "{}", event);
                let reply = Reply::read(answer.get());
                prop_assert!((200..600).contains(&reply.status), "{:?}", reply);
                prop_assert_ne!(reply.status, 500, "{} {:?}", event, reply);
            }
            Err(error) => {
                prop_assert!(
                    ["UnknownEvent", "InvalidCommand"].contains(&error.error_type()),
                    "{} {:?}",
                    event,
                    error
                );
            }
        }
        Ok(())
    });
    result.unwrap();
    // A real event with one part replaced by anything.
    let fields = [
        "headers",
        "rawPath",
        "path",
        "rawQueryString",
        "httpMethod",
        "requestContext",
        "queryStringParameters",
        "multiValueHeaders",
    ];
    let replaced =
        (prop::sample::select(Shape::ALL.to_vec()), prop::sample::select(fields.to_vec()), json());
    let result = runner(1_000).run(&replaced, |(shape, field, value)| {
        let mut event: Value = serde_json::from_str(
            &Request::leave("leave-group-token-of-nobody", "x", "y").event(shape),
        )
        .unwrap();
        event[field] = value;
        if let Ok(answer) = handle(event.to_string()) {
            let reply = Reply::read(answer.get());
            prop_assert!(
                [204, 400, 401, 404, 405].contains(&reply.status),
                "{} {:?}",
                event,
                reply
            );
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn bytes_of_a_hostile_server_never_make_a_success_or_a_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(Rig::start());
    let moments = vec![Moment::ClientHello, Moment::Login, Moment::Leave];
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        // The beginnings of stanzas: a list, a tag of the dictionary, lengths.
        (0..=255_u8, prop::collection::vec(0..=32_u8, 0..48))
            .prop_map(|(first, rest)| { [&[0, 248, first], rest.as_slice()].concat() }),
    ];
    let strategy = (prop::sample::select(moments), bytes, any::<bool>());
    let result = runner(300).run(&strategy, |(moment, bytes, is_raw)| {
        let reaction = if is_raw || moment == Moment::ClientHello {
            Reaction::RawBytes(bytes)
        } else {
            Reaction::RawFrame(bytes)
        };
        rig.simulator().script(Fault::new(moment, reaction.clone()));
        let service = rig.local(&Traffic::new());
        let request = Request::leave(ACCOUNT_TOKEN, "sales", GROUP);
        let reply = runtime.block_on(ask_within(&service, &request, Duration::from_millis(350)));
        // Another token's worth of requests is not what is tested here.
        if reply.status != 429 {
            prop_assert_eq!(reply.status, 503, "{:?} {:?} {:?}", moment, reaction, reply);
            prop_assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
        }
        Ok(())
    });
    result.unwrap();
}
