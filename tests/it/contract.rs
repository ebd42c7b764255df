//! The contract's table, row by row, through the real binary and every shape of
//! event: what is answered before WhatsApp is asked. The rest: [`crate::outcomes`].

use crate::support::{
    ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Process, Request, Rig, Shape, encode, envelope,
};

/// What a row answers.
pub struct Row {
    status: u16,
    message: &'static str,
    /// Whether the token was recognised, so that the limit's headers are there.
    counted: bool,
    retry_after: bool,
}

pub const fn row(status: u16, message: &'static str) -> Row {
    Row { status, message, counted: true, retry_after: false }
}

impl Row {
    pub const fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    pub const fn with_retry_after(self) -> Self {
        Self { retry_after: true, ..self }
    }
}

/// Sends one request and asserts everything that the contract says of the answer.
pub async fn assert_row(process: &Process, request: &Request, shape: Shape, row: Row) {
    let reply = process.send(request, shape).await;
    let context = format!("{shape:?} {request:?} {reply:?}\n{}", process.function.output());
    assert_eq!(reply.status, row.status, "{context}");
    assert_eq!(reply.body, envelope(row.message), "{context}");
    assert_eq!(reply.header("content-type"), Some("application/json"), "{context}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{context}");
    assert!(reply.header("x-request-id").is_some(), "{context}");
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        assert_eq!(reply.header(name).is_some(), row.counted, "{name}: {context}");
    }
    assert_eq!(reply.header("retry-after").is_some(), row.retry_after, "{context}");
    if row.retry_after {
        assert!(reply.number("retry-after") >= 1, "{context}");
    }
}

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
        let control = Request::leave(ACCOUNT_TOKEN, "a\u{7}b", GROUP);
        assert_row(&process, &control, shape, malformed()).await;
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
    let process = rig.process_with(&[("ALLOWED_ORIGINS", "https://app.example.com")]).await;
    for shape in Shape::ALL {
        let preflight = Request::to("sales").method("OPTIONS");
        let reply = process
            .send(&preflight.clone().header("origin", "https://app.example.com"), shape)
            .await;
        assert_eq!((reply.status, reply.body.as_str()), (204, ""), "{shape:?}");
        let expected = [
            ("access-control-allow-origin", "https://app.example.com"),
            ("access-control-allow-methods", "DELETE, OPTIONS"),
            ("access-control-allow-headers", "Content-Type, Authorization, token"),
            (
                "access-control-expose-headers",
                "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id",
            ),
        ];
        for (name, value) in expected {
            assert_eq!(reply.header(name), Some(value), "{shape:?}");
        }
        assert_eq!(reply.header("access-control-allow-credentials"), None, "{shape:?}");
        for other in ["https://app.example.com.evil.example", "https://evil.example", "null"] {
            let reply = process.send(&preflight.clone().header("origin", other), shape).await;
            assert_eq!(reply.status, 204, "{shape:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{shape:?} {other}");
        }
        let reply = process
            .send(&usual().path("/nowhere").header("Origin", "https://app.example.com"), shape)
            .await;
        let allowed = reply.header("access-control-allow-origin");
        assert_eq!(allowed, Some("https://app.example.com"), "refusals carry it too: {shape:?}");
    }
}

#[tokio::test]
async fn row_4_another_method_is_not_allowed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for method in ["GET", "POST", "PUT", "PATCH", "HEAD", "delete"] {
            let request = usual().method(method);
            assert_row(&process, &request, shape, row(405, "Method not allowed").uncounted()).await;
            let reply = process.send(&request, shape).await;
            assert_eq!(reply.header("allow"), Some("DELETE, OPTIONS"), "{shape:?}");
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
        let known = leave_group::token::Token::new(&token).unwrap();
        let scope = leave_group::gate::Scope::Account;
        rig.provisioner.token(&known, &"acme".parse().unwrap(), &scope, 2).await.unwrap();
        let request = Request::leave(&token, "nobody", GROUP);
        // The minute may turn once in between: then two more are let in.
        let mut replies = Vec::new();
        for _ in 0..6 {
            replies.push(process.send(&request, shape).await);
        }
        let last = replies.pop().unwrap();
        assert_eq!(last.status, 429, "{last:?}");
        assert_eq!(last.body, envelope("Rate limit exceeded. Try again later."));
        assert_eq!(last.number("x-ratelimit-limit"), 2);
        assert_eq!(last.number("x-ratelimit-remaining"), 0);
        assert!((1..=60).contains(&last.number("retry-after")), "{last:?}");
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
        for request in [without, with(""), with(" \t ")] {
            assert_row(&process, &request, shape, row(400, "Identifier is required")).await;
        }
        for identifier in ["5511999990001@s.whatsapp.net", "https://evil.example/ABC123XYZ"] {
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
        for name in ["nobody", "theirs", "Sales", "sales#SESSION", "acme#sales"] {
            let request = Request::leave(ACCOUNT_TOKEN, name, GROUP);
            assert_row(&process, &request, shape, row(404, "Instance not found")).await;
        }
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn a_path_may_have_a_stage_in_front_and_one_slash_behind() {
    let rig = Rig::start().await;
    rig.link("acme", "my shop 100%", "5511999990003").await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for path in [
            "/prod/api/group/leave/my shop 100%",
            "/api/group/leave/my shop 100%/",
            "/a/base/path/api/group/leave/my shop 100%",
        ] {
            let request = usual().path(path);
            let gone = row(404, "Group not found or you are not a member of this group");
            assert_row(&process, &request, shape, gone).await;
        }
    }
    assert_eq!(encode("my shop 100%"), "my%20shop%20100%25");
}
