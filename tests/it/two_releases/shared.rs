//! What both hold at the same time: the lease, a token's window, the sealed session.

use std::collections::HashMap;
use std::time::Duration;

use domain::token::{Scope, Token};
use local_stack::items::{binary, text};
use local_stack::runtime_api::Outcome;
use whatsapp_simulator::{Fault, HoldHandle, Moment, Reaction};

use super::{Pair, forms, leave, told};
use crate::support::{GROUP, Release, Reply, Request, Rig, Shape, envelope, success};

forms! {
    a_lease_of_the_other_makes_busy_and_is_taken_over_when_it_is_over {
        written: "a lease",
        read: "503 busy while it lasts; over, it is taken over, and the other says that it does not know",
    }
    a_tokens_window_is_one_for_both {
        written: "a token's window, both at once",
        read: "exact: of 30 requests the 10 that are allowed pass",
    }
    a_session_that_was_sealed_before_opens_in_both {
        written: "a data key and a session, as the operator of the release before sealed them",
        read: "opens in both; what this release's operator seals opens in both in every test here",
    }
}

/// What this test's stack seals by: 32 times 7.
const SEALING_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// The data key `before`, wrapped, and credentials of `acme/sales` that were sealed with it,
/// by the release before. The function seals nothing, so no process can be asked for them.
const WRAPPED: &str = "\
    b532b0d7ba8d8c044352edbe2210cff6e8806d76a14c8585acca3576c2ce8e72bf83ef2f0eb67773b731765b\
    4ddeb65cf65bbf981bfbc8593dd88def";
const SEALED: &str = "\
    45eea3c77cf4324ff57ab9625c529a509df33fd01d7b90f899c940c4a4fbd0bd5ba857cf8a76c4d9d5393fb7\
    56d3b794e7d63dddbe5f7ef99247ece22540f23836d9f25ff39d8fe5fac7b1344d0a25d679ce1659abf2e707\
    8d10a0223e4eb16aead52142719e00bd7a979c645085bb8a42bb87165f08d6bdb8646bad6202b406012c3c10\
    605bf447b1746bf06c19a95e22812b8f4d08c5a848af8e4f77850da56768";
/// The device in them.
const DEVICE: &str = "5511999990001:77@s.whatsapp.net";

const TIMEOUT: Duration = Duration::from_secs(29);

fn read(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Response(answer) => Reply::read(&answer),
        Outcome::Error(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_the_other_makes_busy_and_is_taken_over_when_it_is_over() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        let hold = HoldHandle::new();
        pair.rig.simulator().script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
        let mut held = pair.first.runtime.begin(&leave(GROUP).event(Shape::HttpApi), TIMEOUT);
        pair.first.on_its_way(&mut held, hold.reached()).await;
        let busy = pair.second(&leave(GROUP)).await;
        let row = envelope("Instance is busy. Try again later.");
        assert_eq!(told(&busy), (503, row.as_str()), "{order:?}");

        pair.rig.expire_lease().await;
        assert_eq!(told(&pair.second(&leave(GROUP)).await), (200, success(GROUP).as_str()));
        let settled = pair.rig.items().await;
        let overlaps = pair.rig.simulator().record().overlaps;
        assert!(overlaps.iter().all(|overlap| overlap.ended_by_replaced), "{overlaps:?}");
        let late = read(held.await.unwrap());
        let row = envelope("WhatsApp did not confirm the leave. Try again to learn the outcome.");
        assert_eq!(told(&late), (503, row.as_str()), "{order:?}");
        assert_eq!(pair.rig.items().await, settled, "a fenced run writes nothing: {order:?}");
        hold.release();
        pair.rig.assert_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_window_is_one_for_both() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        // The processes have the machine's clock: where a minute ends in between, anew.
        for number in 0.. {
            assert!(number < 5, "no minute was long enough: {order:?}");
            let secret = format!("leave-group-example-token-window-{number}");
            let token = Token::new(&secret).unwrap();
            let account = "acme".parse().unwrap();
            pair.rig.provisioner.token(&token, &account, &Scope::Account, 10).await.unwrap();
            let event = Request::leave(&secret, "nobody", GROUP).event(Shape::HttpApi);
            let asked: Vec<_> = (0..15)
                .flat_map(|_| [&pair.first, &pair.second])
                .map(|process| process.runtime.begin(&event, TIMEOUT))
                .collect();
            let mut replies = Vec::new();
            for answer in asked {
                replies.push(read(answer.await.unwrap()));
            }
            let window = |reply: &Reply| reply.number("x-ratelimit-reset");
            if replies.iter().any(|reply| window(reply) != window(&replies[0])) {
                continue;
            }
            let passed: Vec<_> = replies.iter().filter(|reply| reply.status == 404).collect();
            assert_eq!(passed.len(), 10, "{order:?} {replies:?}");
            let mut remaining: Vec<_> =
                passed.iter().map(|reply| reply.number("x-ratelimit-remaining")).collect();
            remaining.sort_unstable();
            assert_eq!(remaining, (0..10).collect::<Vec<_>>(), "{order:?}");
            assert!(replies.iter().all(|reply| matches!(reply.status, 404 | 429)), "{order:?}");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_sealed_before_opens_in_both() {
    for release in [Release::Before, Release::This] {
        let rig = Rig::start().await;
        rig.provisioner
            .put(HashMap::from([
                ("pk".to_owned(), text("KEYS")),
                ("sk".to_owned(), text("KEY#before")),
                ("key_id".to_owned(), text("before")),
                ("wrapped".to_owned(), binary(hex::decode(WRAPPED).unwrap())),
            ]))
            .await
            .unwrap();
        let mut session = rig.session().await;
        session.extend([
            ("device_jid".to_owned(), text(DEVICE)),
            ("key_id".to_owned(), text("before")),
            ("sealed".to_owned(), binary(hex::decode(SEALED).unwrap())),
        ]);
        rig.provisioner.put(session).await.unwrap();
        let process = rig.process_of(release, &[("SEALING_KEY", SEALING_KEY)]).await;
        let reply = process.send(&leave(GROUP), Shape::HttpApi).await;
        // It opened, or nobody would have logged in as that device, which this WhatsApp does
        // not know.
        assert_eq!(reply.status, 400, "{release:?} {reply:?}\n{}", process.function.output());
        let attempts = rig.simulator().record().login_attempts;
        assert_eq!(attempts.len(), 1, "{release:?}");
        assert_eq!(attempts[0].device, DEVICE, "{release:?}");
    }
}
