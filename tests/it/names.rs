//! An instance's name reaches that one instance, whatever gateway the request came
//! through; a name that some gateway changes reaches nothing.

use std::time::Duration;

use domain::tenant::InstanceName;
use domain::token::Scope;
use domain::token::Token;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use local_stack::traffic::Traffic;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use serde_json::value::RawValue;

use crate::support::{ACCOUNT_TOKEN, GROUP, Reply, Request, Rig, Shape, cases, envelope};

const TOKEN: &str = "leave-group-token-without-a-limit";

async fn answer(service: &Service, event: String) -> String {
    let event = RawValue::from_string(event).unwrap();
    let invocation = Invocation {
        request_id: "request".to_owned(),
        trace_id: None,
        remaining: Duration::from_secs(29),
    };
    entry::handle(service, &event, invocation).await.unwrap().get().to_owned()
}

/// Names as people give them, and any text at all.
fn names() -> impl Strategy<Value = String> {
    let told_apart = vec![
        "a;b",
        "a;",
        ";",
        "a+b",
        "a b",
        "\"a\"",
        "'a'",
        "a&b=c",
        "a=1",
        "a,b",
        "a:b@c",
        "{a}",
        "[a]",
        "<a>",
        "a|b",
        "a^b",
        "`a`",
        "~a",
        "$default",
        "*",
        "...",
        "SESSION",
        "Loja São Paulo",
        "Loja Sa\u{303}o Paulo",
        "é",
        "e\u{301}",
        "世界",
        "שלום",
        "مرحبا",
        "😀",
        "❤\u{fe0f}",
        "👩🏽",
        "a\u{3000}b",
        "\u{1f1e7}\u{1f1f7}",
        "\u{e000}",
        "\u{10ffff}",
        "ﬁ",
        "Å",
        "Å",
    ];
    prop_oneof![
        prop::sample::select(told_apart).prop_map(str::to_owned),
        "\\PC{1,24}",
        "[ -~]{1,24}",
        any::<String>(),
    ]
}

#[test]
fn a_name_reaches_its_own_instance_through_every_gateway_or_none() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(Rig::start());
    let token = Token::new(TOKEN).unwrap();
    let account = "acme".parse().unwrap();
    let provisioning = rig.provisioner.token(&token, &account, &Scope::Account, 1_000_000);
    runtime.block_on(provisioning).unwrap();
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases(150)) });
    let result = runner.run(&names(), |name| {
        let reached = |event: String| {
            traffic.clear();
            let answer = runtime.block_on(answer(&service, event));
            let reached: Vec<String> = traffic
                .calls()
                .iter()
                .filter_map(|call| call.body["Key"]["pk"]["S"].as_str().map(str::to_owned))
                .filter(|pk| pk.starts_with("INSTANCE#"))
                .collect();
            (answer, reached)
        };
        let own = vec![format!("INSTANCE#acme#{name}")];
        let parsed = name.parse::<InstanceName>();
        for shape in Shape::ALL {
            // A slash makes more segments of it, and another path.
            if name.contains('/') {
                continue;
            }
            let (answer, reached) = reached(Request::leave(TOKEN, &name, GROUP).event(shape));
            let reply = Reply::read(&answer);
            if parsed.is_ok() {
                prop_assert_eq!(reply.body, envelope("Instance not found"), "{:?}", shape);
                prop_assert_eq!(&reached, &own, "{:?}", shape);
            } else if !name.is_empty() {
                prop_assert_eq!(reply.body, envelope("Malformed request"), "{:?}", shape);
                prop_assert_eq!(reached.len(), 0, "{:?} {:?}", shape, reached);
            }
        }
        if parsed.is_ok() {
            let command = json!({"action": "leave", "account": "acme", "instance": &name,
                "identifiers": [GROUP]});
            let message = json!({"messageId": "1", "body": command.to_string(),
                "eventSource": "aws:sqs"});
            for event in [command, json!({"Records": [&message]}), json!([message])] {
                let (_, reached) = reached(event.to_string());
                prop_assert_eq!(&reached, &own);
            }
        }
        Ok(())
    });
    result.unwrap();
}

/// Names that were made before some gateway was known to change them.
#[tokio::test]
async fn a_stored_name_that_no_path_can_carry_is_checked_and_found_by_no_request() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    for (number, name) in ["100%", "a?b", "a#b", "a\\b", "..", " a "].into_iter().enumerate() {
        let device = rig.link("acme", name, &format!("551199998000{number}")).await;
        rig.simulator().add_member(GROUP, &device.phone);
        for shape in Shape::ALL {
            let request = Request::leave(ACCOUNT_TOKEN, name, GROUP);
            let reply = Reply::read(&answer(&service, request.event(shape)).await);
            assert_eq!((reply.status, reply.body), (400, envelope("Malformed request")), "{name}");
        }
        let partition = format!("INSTANCE#acme#{name}");
        let mut items = rig.provisioner.items().await.unwrap();
        items.retain(|item| {
            let item = local_stack::items::Item(item);
            item.text("pk") == Ok(partition.as_str()) && item.text("sk") == Ok("SESSION")
        });
        let mut session = items.remove(0);
        session.insert("due_at".to_owned(), local_stack::items::number(1));
        session.remove("seen_at");
        rig.provisioner.put(session).await.unwrap();
        let summary = answer(&service, json!({"action": "check"}).to_string()).await;
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!((&summary["checked"], &summary["connected"]), (&json!(1), &json!(1)), "{name}");
        assert_eq!(rig.simulator().record().logins(&device.jid), 1, "{name}");
        assert!(rig.simulator().is_member(GROUP, &device.phone), "{name}");
    }
}
