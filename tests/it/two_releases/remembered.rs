//! What was settled: kept answers, blocks, logouts, checks.

use local_stack::items::{Item, number};
use local_stack::runtime_api::Outcome;
use serde_json::{Value, json};
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use super::{Pair, forms, leave, told};
use crate::lid;
use crate::support::{ACCOUNT_TOKEN, GROUP, Process, Release, Request, envelope, success};

forms! {
    a_kept_answer_is_given_again_by_the_other_byte_for_byte {
        written: "a kept answer, of rows 13, 14, 15 and 23",
        read: "given again byte for byte, without WhatsApp; another identifier is 422",
    }
    a_block_is_kept_by_the_other_until_it_ends {
        written: "a throttling, and a ban",
        read: "the same answer and the same end, without WhatsApp; over, it leaves",
    }
    a_logout_is_known_to_the_other_until_the_instance_is_linked_again {
        written: "a logout",
        read: "400 without WhatsApp; linked again, it leaves",
    }
    a_check_spares_the_other_one {
        written: "a check, and when the next one is due",
        read: "nothing is due",
    }
    a_lid_that_one_was_told_serves_the_other {
        written: "the LID that a login told",
        read: "a community that shows LIDs alone is known as our own: 403, nothing is sent",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_is_given_again_by_the_other_byte_for_byte() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        let revoked = NewGroup::new("Revoked").invite("Revoked1");
        pair.rig.group(revoked, None).await;
        pair.rig.simulator().revoke_invite("Revoked1");
        let refused = pair.rig.group(NewGroup::new("Refused"), None).await;
        for (identifier, status) in
            [(GROUP, 200), ("Revoked1", 404), ("120363400000000099@g.us", 404), (&refused, 403)]
        {
            if status == 403 {
                let refusal = Reaction::TargetError { code: 403 };
                pair.rig.simulator().script(Fault::new(Moment::Leave, refusal));
            }
            let request = leave(identifier).header("Idempotency-Key", identifier);
            let given = pair.first(&request).await;
            assert_eq!(given.status, status, "{order:?} {given:?}");
            assert_eq!(given.header("idempotent-replayed"), None);
            let (connections, items) = (pair.connections(), pair.rig.items().await);
            let again = pair.second(&request).await;
            assert_eq!(told(&again), told(&given), "{order:?}");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{order:?}");
            assert_eq!(pair.connections(), connections, "{order:?}");
            assert_eq!(pair.rig.items().await, items, "{order:?}");
            let other = leave("OtherCode").header("Idempotency-Key", identifier);
            assert_eq!(pair.second(&other).await.status, 422, "{order:?}");
        }
        assert!(pair.rig.simulator().unused_faults().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_kept_by_the_other_until_it_ends() {
    let throttled = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(600) };
    let banned = Reaction::Failure { reason: 402, expire: Some(7_200) };
    for order in Release::ORDERS {
        for (moment, reaction, row) in [
            (
                Moment::Leave,
                throttled.clone(),
                (429, "WhatsApp rate limit reached. Try again later."),
            ),
            (Moment::Login, banned.clone(), (503, "Instance is temporarily banned by WhatsApp")),
        ] {
            let pair = Pair::of(order).await;
            pair.rig.simulator().script(Fault::new(moment, reaction));
            let heard = pair.first(&leave(GROUP)).await;
            assert_eq!(told(&heard), (row.0, envelope(row.1).as_str()), "{order:?}");
            let connections = pair.connections();
            let also = pair.second(&leave(GROUP)).await;
            assert_eq!(told(&also), told(&heard), "{order:?}");
            let (one, other) = (heard.number("retry-after"), also.number("retry-after"));
            assert!((one.saturating_sub(60)..=one).contains(&other), "{order:?} {one} {other}");
            assert_eq!(pair.connections(), connections, "{order:?}");

            pair.change(|session| {
                assert!(session.insert("blocked_until".to_owned(), number(1)).is_some());
            })
            .await;
            assert_eq!(told(&pair.second(&leave(GROUP)).await), (200, success(GROUP).as_str()));
            pair.rig.assert_settled().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_is_known_to_the_other_until_the_instance_is_linked_again() {
    for order in Release::ORDERS {
        for reason in [401, 403, 406] {
            let pair = Pair::of(order).await;
            let logout = Reaction::Failure { reason, expire: None };
            pair.rig.simulator().script(Fault::new(Moment::Login, logout));
            let heard = pair.first(&leave(GROUP)).await;
            let row = envelope("Instance is not connected to WhatsApp");
            assert_eq!(told(&heard), (400, row.as_str()), "{order:?}");
            let connections = pair.connections();
            assert_eq!(told(&pair.second(&leave(GROUP)).await), told(&heard), "{order:?}");
            assert_eq!(pair.connections(), connections, "{order:?}");

            pair.rig.link("acme", "sales", &pair.rig.device.phone).await;
            assert_eq!(told(&pair.second(&leave(GROUP)).await), (200, success(GROUP).as_str()));
            pair.rig.assert_settled().await;
        }
    }
}

async fn checked(process: &Process) -> Value {
    match process.outcome(&json!({"action": "check"}).to_string()).await {
        Outcome::Response(counts) => serde_json::from_str(&counts).unwrap(),
        Outcome::Error(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_spares_the_other_one() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        pair.change(|session| {
            assert!(session.insert("due_at".to_owned(), number(1)).is_some());
        })
        .await;
        let counts = checked(&pair.first).await;
        assert_eq!(pair.connections(), 1, "{order:?} {counts}");
        let session = pair.rig.session().await;
        assert!(Item(&session).number("due_at").unwrap() > 1, "{order:?}");
        let counts = checked(&pair.second).await;
        assert_eq!(pair.connections(), 1, "{order:?} {counts}");
        // A leave reads a session that the other has checked.
        let reply = pair.second(&leave(GROUP)).await;
        assert_eq!(told(&reply), (200, success(GROUP).as_str()), "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lid_that_one_was_told_serves_the_other() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        let device = lid::import(&pair.rig, None).await;
        let request = Request::leave(ACCOUNT_TOKEN, "imported", lid::COMMUNITY);
        let row = envelope("Not allowed to leave this group");
        assert_eq!(told(&pair.first(&request).await), (403, row.as_str()), "{order:?}");
        let untold = Fault::new(Moment::Login, Reaction::SuccessWithoutLid);
        pair.rig.simulator().script(untold);
        assert_eq!(told(&pair.second(&request).await), (403, row.as_str()), "{order:?}");
        let asked = pair.rig.simulator().record().iqs(&device.jid);
        assert!(!asked.contains(&"leave".to_owned()), "{order:?} {asked:?}");
        assert!(pair.rig.simulator().unused_faults().is_empty(), "{order:?}");
    }
}
