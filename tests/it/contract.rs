//! The table of `docs/contract.md`, row by row, through the real binary and every shape
//! of event: what is answered before WhatsApp is asked. The rest: [`crate::outcomes`].
//! Of each answer the status, the whole body and all headers are asserted.

use crate::support::{ACCOUNT_TOKEN, CORS, GROUP, INSTANCE_TOKEN, ORIGIN, Request, Rig, Shape};
pub use crate::support::{Row, assert_reply, assert_row, row};

pub fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

#[tokio::test]
async fn row_1_what_cannot_be_parsed_is_malformed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let malformed = || row(400, "Malformed request").uncounted();
    for shape in Shape::ALL {
        let long = "x".repeat(70 * 1024);
        assert_row(&process, &usual().query("more", &long), shape, malformed()).await;
        let name = "x".repeat(129);
        assert_row(&process, &Request::leave(ACCOUNT_TOKEN, &name, GROUP), shape, malformed())
            .await;
        for name in ["a\u{7}b", "100%", "a?b", "a#b", "a\\b", " a", "a\u{a0}", "..", "a\u{200e}"] {
            let request = Request::leave(ACCOUNT_TOKEN, name, GROUP);
            assert_row(&process, &request, shape, malformed()).await;
        }
        let key = usual().header("Idempotency-Key", "with space");
        assert_row(&process, &key, shape, malformed()).await;
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn row_1_a_query_that_cannot_be_decoded_is_malformed_for_a_browser_too() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in [
        Shape::HttpApi,
        Shape::FunctionUrl,
        Shape::CargoLambda,
        Shape::LoadBalancer,
        Shape::LoadBalancerMultiValue,
    ] {
        let request = usual().header("Origin", ORIGIN);
        let mut event: serde_json::Value = serde_json::from_str(&request.event(shape)).unwrap();
        event["rawQueryString"] = "identifier=%zz".into();
        event["queryStringParameters"] = serde_json::json!({"identifier": "%zz"});
        event["multiValueQueryStringParameters"] = serde_json::json!({"identifier": ["%zz"]});
        let reply = process.event(&event.to_string()).await;
        let malformed = row(400, "Malformed request").uncounted();
        assert_reply(&reply, &malformed, &CORS, &format!("{shape:?}"));
    }
}

/// The longest query that is looked at has 64 KiB.
#[tokio::test]
async fn row_1_begins_one_byte_past_the_longest_query() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let known = "identifier=120363406289005073&x=".len();
    for shape in Shape::ALL {
        for (length, expected) in [
            (64 * 1024, row(404, "Instance not found")),
            (64 * 1024 + 1, row(400, "Malformed request").uncounted()),
        ] {
            let request = Request::leave(ACCOUNT_TOKEN, "nobody", "120363406289005073")
                .query("x", &"x".repeat(length - known));
            assert_row(&process, &request, shape, expected).await;
        }
    }
}

#[tokio::test]
async fn row_2_another_path_is_not_found() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for path in ["/", "/api/group/join/sales", "/api/group/leave", "/api/group/leave/a/b"] {
            let request = usual().path(path);
            assert_row(&process, &request, shape, row(404, "Route not found").uncounted()).await;
        }
    }
}

#[tokio::test]
async fn row_3_options_is_answered_with_cors_for_a_listed_origin_only() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let nothing = Row::preflight();
    for shape in Shape::ALL {
        let preflight = Request::to("sales").method("OPTIONS");
        assert_row(&process, &preflight, shape, nothing.clone()).await;
        let elsewhere = usual().path("/nowhere");
        let not_found = row(404, "Route not found").uncounted();
        for other in ["https://app.example.com.evil.example", "https://evil.example", "null", ""] {
            for (request, row) in [(&preflight, &nothing), (&elsewhere, &not_found)] {
                let reply = process.send(&request.clone().header("origin", other), shape).await;
                assert_reply(&reply, row, &[], &format!("{shape:?} {other}"));
            }
        }
        let reply = process.send(&preflight, shape).await;
        assert_reply(&reply, &nothing, &[], &format!("{shape:?} without an origin"));
    }
}

#[tokio::test]
async fn where_any_origin_may_call_only_an_origin_is_repeated() {
    let rig = Rig::start().await;
    let process = rig.process_with(&[("ALLOWED_ORIGINS", "*")]).await;
    for shape in Shape::ALL {
        let preflight = Request::to("sales").method("OPTIONS");
        for (origin, allowed) in [
            ("https://anywhere.example:8443", true),
            ("null", false),
            ("<script>alert(1)</script>", false),
            ("https://anywhere.example/path", false),
            ("https://a.example, https://b.example", false),
        ] {
            let reply = process.send(&preflight.clone().header("Origin", origin), shape).await;
            let expected = allowed.then_some(origin);
            assert_eq!(reply.header("access-control-allow-origin"), expected, "{shape:?}");
        }
    }
}

#[tokio::test]
async fn row_4_another_method_is_not_allowed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for method in ["GET", "POST", "PUT", "PATCH", "HEAD", "delete"] {
            let request = usual().method(method);
            let refused = row(405, "Method not allowed").uncounted();
            let refused = refused.with(&[("allow", "DELETE, OPTIONS")]);
            assert_row(&process, &request, shape, refused).await;
        }
    }
}

#[tokio::test]
async fn row_5_no_token_is_missing() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let without = Request::to("sales").query("identifier", GROUP);
        for request in [
            without.clone(),
            without.clone().query("token", ACCOUNT_TOKEN),
            without.clone().header("token", ""),
            without.clone().header("authorization", "Basic c2VjcmV0OnNlY3JldA=="),
        ] {
            let missing = row(401, "Missing token in header").uncounted();
            assert_row(&process, &request, shape, missing).await;
        }
    }
}

#[tokio::test]
async fn row_6_an_unknown_or_impossible_token_is_invalid() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let long = "x".repeat(513);
        for token in ["leave-group-unknown-token", "short", "has a space in the middle", &long] {
            let request = Request::leave(token, "sales", GROUP);
            assert_row(&process, &request, shape, row(401, "Invalid token").uncounted()).await;
        }
    }
}

#[tokio::test]
async fn a_token_is_taken_from_the_token_header_then_from_the_bearer() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let bearer = format!("Bearer {ACCOUNT_TOKEN}");
    let missing = "identifier of nobody";
    for shape in Shape::ALL {
        let request = Request::to("sales").query("identifier", missing);
        let invalid = "Invalid identifier: expected a group JID, invite code or invite link";
        for headers in [
            vec![("TOKEN", ACCOUNT_TOKEN)],
            vec![("Authorization", bearer.as_str())],
            vec![("authorization", "Bearer of something else"), ("token", ACCOUNT_TOKEN)],
        ] {
            let request = headers
                .into_iter()
                .fold(request.clone(), |request, (name, value)| request.header(name, value));
            assert_row(&process, &request, shape, row(400, invalid)).await;
        }
    }
}

#[tokio::test]
async fn row_7_a_full_window_is_limited() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for (number, shape) in Shape::ALL.into_iter().enumerate() {
        let token = format!("leave-group-small-token-{number}");
        let known = domain::token::Token::new(&token).unwrap();
        let scope = domain::token::Scope::Account;
        rig.provisioner.token(&known, &"acme".parse().unwrap(), &scope, 2).await.unwrap();
        let request = Request::leave(&token, "nobody", GROUP);
        // The minute may turn once in between: then two more are let in.
        let mut replies = Vec::new();
        for _ in 0..6 {
            replies.push(process.send(&request, shape).await);
        }
        let limited = row(429, "Rate limit exceeded. Try again later.").retry_after(1..=60);
        let last = assert_row(&process, &request, shape, limited).await;
        assert_eq!(
            (last.number("x-ratelimit-limit"), last.number("x-ratelimit-remaining")),
            (2, 0)
        );
        let first = &replies[0];
        assert_eq!((first.status, first.number("x-ratelimit-remaining")), (404, 1));
        assert_eq!(first.number("x-ratelimit-reset") % 60, 0);
    }
}

#[tokio::test]
async fn row_8_an_instances_token_acts_for_its_instance_only() {
    let rig = Rig::start().await;
    rig.link("acme", "support", "5511999990002").await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        // Whether or not the name exists, and before the identifier is looked at.
        for (name, identifier) in [("support", GROUP), ("nobody", GROUP), ("support", "")] {
            let request = Request::leave(INSTANCE_TOKEN, name, identifier);
            let foreign = row(403, "Instance token does not match this instance");
            assert_row(&process, &request, shape, foreign).await;
        }
    }
}

#[tokio::test]
async fn rows_9_and_10_the_identifier_is_required_and_has_to_be_one() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let invalid = "Invalid identifier: expected a group JID, invite code or invite link";
    for shape in Shape::ALL {
        let with = |identifier| Request::leave(ACCOUNT_TOKEN, "nobody", identifier);
        let without = Request::to("nobody").header("token", ACCOUNT_TOKEN);
        for request in [without, with(""), with(" \t "), with("\u{200e} \u{feff}")] {
            assert_row(&process, &request, shape, row(400, "Identifier is required")).await;
        }
        for identifier in [
            "5511999990001@s.whatsapp.net",
            "https://evil.example/ABC123XYZ",
            "undefined",
            "null",
            "NaN",
            "None",
        ] {
            assert_row(&process, &with(identifier), shape, row(400, invalid)).await;
        }
        if shape != Shape::LoadBalancer {
            let repeated = with(GROUP).query("identifier", GROUP);
            assert_row(&process, &repeated, shape, row(400, invalid)).await;
        }
    }
}

#[tokio::test]
async fn row_11_an_unknown_instance_is_not_found() {
    let rig = Rig::start().await;
    rig.link("other", "theirs", "5511999990009").await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for name in ["nobody", "theirs", "Sales", "sales;SESSION", "acme:sales"] {
            let request = Request::leave(ACCOUNT_TOKEN, name, GROUP);
            assert_row(&process, &request, shape, row(404, "Instance not found")).await;
        }
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn a_path_may_have_a_stage_in_front_and_one_slash_behind() {
    let rig = Rig::start().await;
    rig.link("acme", "my shop + 1", "5511999990003").await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for path in [
            "/prod/api/group/leave/my shop + 1",
            "/api/group/leave/my shop + 1/",
            "/a/base/path/api/group/leave/my shop + 1",
        ] {
            let request = usual().path(path);
            let gone = row(404, "Group not found or you are not a member of this group");
            assert_row(&process, &request, shape, gone).await;
        }
    }
}
