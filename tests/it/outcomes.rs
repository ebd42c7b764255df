//! The table of `docs/contract.md`, row by row: what WhatsApp, the session and storage make
//! of a request that was let in. The rows before: [`crate::contract`].

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::group::GroupKind;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::contract::{Row, assert_row, row, usual};
use crate::support::{ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Request, Rig, Shape, driven, id};

driven! {
    row_17_a_ban_is_remembered_until_it_ends {
        fault: "ban: 402",
        step: "login",
        answer: "503 banned, `Retry-After`",
        afterwards: "remembered with its end",
    }
    row_16_whatsapps_throttling_is_remembered_until_it_ends {
        fault: "throttled: 429",
        step: "leave",
        answer: "429 WhatsApp, `Retry-After`",
        afterwards: "remembered with its end",
    }
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
            || row(429, "WhatsApp rate limit reached. Try again later.").retry_after(1..=30);
        assert_row(&process, &usual(), shape, throttled()).await;
        let dialled = rig.simulator().record().connections;
        assert_row(&process, &usual(), shape, throttled()).await;
        assert_eq!(rig.simulator().record().connections, dialled, "the next call does not dial");
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
        let banned =
            || row(503, "Instance is temporarily banned by WhatsApp").retry_after(590..=600);
        assert_row(&process, &usual(), shape, banned()).await;
        let dialled = rig.simulator().record().connections;
        assert_row(&process, &usual(), shape, banned()).await;
        assert_eq!(rig.simulator().record().connections, dialled, "the next call does not dial");
    }
}

#[tokio::test]
async fn row_18_a_session_that_stays_taken_is_busy() {
    let rig = Rig::start().await;
    let mut session = rig.session().await;
    let now = domain::clock::Clock::now(&domain::clock::SystemClock::new());
    let until = now.plus(Duration::from_secs(20));
    session.insert("lease_owner".to_owned(), AttributeValue::S("another run".to_owned()));
    session.insert("lease_until".to_owned(), AttributeValue::N(until.to_string()));
    rig.provisioner.put(session).await.unwrap();
    let process = rig.process_with(&[("LEASE_WAIT_MS", "150")]).await;
    for shape in Shape::ALL {
        let busy = row(503, "Instance is busy. Try again later.").retry_after(1..=20);
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
            let away = row(503, "WhatsApp is unavailable. Try again later.").retry_after(5..=5);
            assert_row(&process, &usual(), shape, away).await;
            rig.assert_settled().await;
        }
    }
    assert!(rig.simulator().unused_faults().is_empty());
    assert!(process.function.output().contains("leavectl version"), "405 is an operator's problem");
}

#[tokio::test]
async fn row_20_a_leave_without_a_valid_reply_is_unconfirmed() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for reaction in [Reaction::Drop, Reaction::TargetError { code: 500 }] {
            rig.simulator().script(Fault::new(Moment::Leave, reaction));
            let message = "WhatsApp did not confirm the leave. Try again to learn the outcome.";
            assert_row(&process, &usual(), shape, row(503, message).retry_after(1..=1)).await;
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
        let away = row(503, message).retry_after(1..=1).uncounted();
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
            let request = Request::leave(INSTANCE_TOKEN, "sales", identifier);
            let reply = assert_row(&process, &request, shape, Row::success(GROUP)).await;
            assert_eq!(reply.number("x-ratelimit-limit"), 100);
            assert!(!rig.simulator().is_member(GROUP, &rig.device.phone), "{reply:?}");
            rig.assert_settled().await;
        }
    }
    let items = rig.items().await;
    assert!(!items.contains_key(&format!("GROUP#{GROUP}")), "the roster row is gone");
    let left = items.keys().filter(|sk| sk.starts_with("LEFT#")).count();
    assert_eq!(left, Shape::ALL.len() * 4, "each leave is in the history");
}

#[tokio::test]
async fn row_24_a_key_that_was_used_for_another_request_is_refused() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for (number, shape) in Shape::ALL.into_iter().enumerate() {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        rig.roster(GROUP, GroupKind::Group).await;
        let key = format!("key-{number}");
        let with_key = |identifier| {
            Request::leave(ACCOUNT_TOKEN, "sales", identifier).header("Idempotency-Key", &key)
        };
        assert_row(&process, &with_key(GROUP), shape, Row::success(GROUP)).await;
        let replayed = Row::success(GROUP).with(&[("idempotent-replayed", "true")]);
        assert_row(&process, &with_key(GROUP), shape, replayed).await;
        let reused = row(422, "Idempotency-Key was used for another request");
        assert_row(&process, &with_key("ABC123XYZ"), shape, reused).await;
    }
}

#[tokio::test]
async fn row_25_a_session_with_a_hundred_open_leaves_has_no_room_for_another() {
    let rig = Rig::start().await;
    let now = domain::clock::Clock::now(&domain::clock::SystemClock::new());
    let at = |time: domain::clock::UnixMillis| AttributeValue::N(time.0.to_string());
    let intent = AttributeValue::M(std::collections::HashMap::from([
        ("by".to_owned(), AttributeValue::S("another run".to_owned())),
        ("began".to_owned(), at(now)),
        ("at".to_owned(), at(now)),
    ]));
    let open = (0..100).map(|number| (format!("1203634000{number:08}@g.us"), intent.clone()));
    let mut session = rig.session().await;
    session.insert("intents".to_owned(), AttributeValue::M(open.collect()));
    rig.provisioner.put(session).await.unwrap();
    let process = rig.process().await;
    for shape in Shape::ALL {
        let message = "Too many leaves of this instance have no known outcome. Try again later.";
        assert_row(&process, &usual(), shape, row(503, message).retry_after(3600..=3600)).await;
    }
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    assert!(!rig.simulator().record().iqs(&rig.device.jid).contains(&"leave".to_owned()));
}
