//! The contract's table, row by row, through the real binary and every shape of event.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use leave_group::group::GroupKind;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Process, Request, Rig, Shape, encode, envelope, id,
    success,
};

/// What a row answers.
struct Row {
    status: u16,
    message: &'static str,
    /// Whether the token was recognised, so that the limit's headers are there.
    counted: bool,
    retry_after: bool,
}

const fn row(status: u16, message: &'static str) -> Row {
    Row { status, message, counted: true, retry_after: false }
}

impl Row {
    const fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    const fn with_retry_after(self) -> Self {
        Self { retry_after: true, ..self }
    }
}

/// Sends one request and asserts everything that the contract says of the answer.
async fn assert_row(process: &Process, request: &Request, shape: Shape, row: Row) {
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

fn usual() -> Request {
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
async fn row_12_an_instance_without_a_device_is_not_connected() {
    let rig = Rig::start().await;
    rig.provisioner.never_linked(&id("acme", "bare")).await.unwrap();
    let process = rig.process().await;
    for shape in Shape::ALL {
        let request = Request::leave(ACCOUNT_TOKEN, "bare", GROUP);
        let not_connected = row(400, "Instance is not connected to WhatsApp");
        assert_row(&process, &request, shape, not_connected).await;
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn row_13_a_revoked_invite_is_told_apart() {
    let rig = Rig::start().await;
    rig.simulator().revoke_invite("ABC123XYZ");
    let process = rig.process().await;
    for shape in Shape::ALL {
        let request = Request::leave(ACCOUNT_TOKEN, "sales", "https://chat.whatsapp.com/ABC123XYZ");
        let revoked = row(404, "Invite link has been revoked or expired");
        assert_row(&process, &request, shape, revoked).await;
    }
    rig.assert_settled().await;
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
}

#[tokio::test]
async fn row_14_a_group_that_we_are_not_in_is_not_found() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    let stranger = rig.simulator().create_group(NewGroup::new("Strangers").invite("Strangers1"));
    for shape in Shape::ALL {
        for identifier in ["NoSuchCode", "120363400000000000", &stranger, "Strangers1"] {
            let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
            let gone = row(404, "Group not found or you are not a member of this group");
            assert_row(&process, &request, shape, gone).await;
        }
    }
    rig.assert_settled().await;
}

#[tokio::test]
async fn row_15_whatsapps_refusal_of_a_member_is_not_allowed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for code in [401, 403, 405, 406] {
            rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code }));
            let refused = row(403, "Not allowed to leave this group");
            assert_row(&process, &usual(), shape, refused).await;
        }
    }
    assert!(rig.simulator().unused_faults().is_empty());
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    rig.assert_settled().await;
}

#[tokio::test]
async fn row_16_whatsapps_throttling_is_remembered_until_it_ends() {
    for shape in Shape::ALL {
        let rig = Rig::start().await;
        let process = rig.process().await;
        rig.simulator().script(Fault::new(
            Moment::Leave,
            Reaction::IqError { code: 429, text: "rate-overlimit".to_owned(), backoff: Some(30) },
        ));
        let throttled =
            || row(429, "WhatsApp rate limit reached. Try again later.").with_retry_after();
        assert_row(&process, &usual(), shape, throttled()).await;
        let dialled = rig.simulator().record().connections;
        assert_row(&process, &usual(), shape, throttled()).await;
        assert_eq!(rig.simulator().record().connections, dialled, "the next call does not dial");
        let reply = process.send(&usual(), shape).await;
        assert!((1..=30).contains(&reply.number("retry-after")), "{reply:?}");
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn row_17_a_ban_is_remembered_until_it_ends() {
    for shape in Shape::ALL {
        let rig = Rig::start().await;
        let process = rig.process().await;
        let ban = Reaction::Failure { reason: 402, expire: Some(600) };
        rig.simulator().script(Fault::new(Moment::Login, ban));
        let banned = || row(503, "Instance is temporarily banned by WhatsApp").with_retry_after();
        assert_row(&process, &usual(), shape, banned()).await;
        let dialled = rig.simulator().record().connections;
        assert_row(&process, &usual(), shape, banned()).await;
        assert_eq!(rig.simulator().record().connections, dialled, "the next call does not dial");
        let reply = process.send(&usual(), shape).await;
        assert!((590..=600).contains(&reply.number("retry-after")), "{reply:?}");
    }
}

#[tokio::test]
async fn row_18_a_session_that_stays_taken_is_busy() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    let now = leave_group::clock::Clock::now(&leave_group::clock::SystemClock::new());
    let until = now.plus(Duration::from_secs(20));
    session.insert("lease_owner".to_owned(), AttributeValue::S("another run".to_owned()));
    session.insert("lease_until".to_owned(), AttributeValue::N(until.to_string()));
    rig.provisioner.put(session).await.unwrap();
    let process = rig.process_with(&[("LEASE_WAIT_MS", "150")]).await;
    for shape in Shape::ALL {
        let busy = row(503, "Instance is busy. Try again later.").with_retry_after();
        assert_row(&process, &usual(), shape, busy).await;
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn row_19_whatsapp_that_cannot_be_reached_is_unavailable() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for (moment, reaction) in [
            (Moment::Connect, Reaction::Drop),
            (Moment::ClientHello, Reaction::Drop),
            (Moment::Login, Reaction::Drop),
            (Moment::Login, Reaction::Failure { reason: 405, expire: None }),
            (Moment::Login, Reaction::Failure { reason: 503, expire: None }),
        ] {
            rig.simulator().script(Fault::new(moment, reaction));
            let away = row(503, "WhatsApp is unavailable. Try again later.").with_retry_after();
            assert_row(&process, &usual(), shape, away).await;
            rig.assert_settled().await;
        }
    }
    assert!(rig.simulator().unused_faults().is_empty());
    assert!(process.function.output().contains("WHATSAPP_VERSION"), "405 is an operator's problem");
}

#[tokio::test]
async fn row_20_a_leave_without_a_valid_reply_is_unconfirmed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for reaction in [Reaction::Drop, Reaction::TargetError { code: 500 }] {
            rig.simulator().script(Fault::new(Moment::Leave, reaction));
            let message = "WhatsApp did not confirm the leave. Try again to learn the outcome.";
            assert_row(&process, &usual(), shape, row(503, message).with_retry_after()).await;
        }
    }
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn row_21_storage_that_cannot_be_reached_lets_nobody_in() {
    let rig = Rig::start().await;
    // A port that was just free: nobody listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let process = rig.process_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &nowhere)]).await;
    for shape in Shape::ALL {
        let message = "Service is temporarily unavailable. Try again later.";
        let away = row(503, message).with_retry_after().uncounted();
        assert_row(&process, &usual(), shape, away).await;
    }
    assert_eq!(rig.simulator().record().connections, 0);
}

#[tokio::test]
async fn row_22_anything_else_is_an_internal_error_without_a_detail() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    session.insert("sealed".to_owned(), AttributeValue::B(vec![7; 80].into()));
    rig.provisioner.put(session).await.unwrap();
    let process = rig.process().await;
    for shape in Shape::ALL {
        assert_row(&process, &usual(), shape, row(500, "Internal error")).await;
    }
    rig.assert_settled().await;
    assert_eq!(rig.simulator().record().connections, 0);
    assert!(process.function.output().contains("credentials cannot be opened"));
}

#[tokio::test]
async fn row_23_a_confirmed_leave_is_a_success_with_the_resolved_jid() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for identifier in
            [GROUP, "120363406289005073", "ABC123XYZ", "https://chat.whatsapp.com/ABC123XYZ"]
        {
            rig.simulator().add_member(GROUP, &rig.device.phone);
            rig.roster(GROUP, GroupKind::Group).await;
            let reply =
                process.send(&Request::leave(INSTANCE_TOKEN, "sales", identifier), shape).await;
            let context = format!("{shape:?} {reply:?}\n{}", process.function.output());
            assert_eq!(
                (reply.status, reply.body.as_str()),
                (200, success(GROUP).as_str()),
                "{context}"
            );
            assert_eq!(reply.number("x-ratelimit-limit"), 100);
            assert!(!rig.simulator().is_member(GROUP, &rig.device.phone), "{context}");
            rig.assert_settled().await;
        }
    }
    let items = rig.items().await;
    assert!(!items.contains_key(&format!("GROUP#{GROUP}")), "the roster row is gone");
    let left = items.keys().filter(|sk| sk.starts_with("LEFT#")).count();
    assert_eq!(left, Shape::ALL.len() * 4, "each leave is in the history");
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
