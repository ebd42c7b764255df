//! How long WhatsApp says that it will not listen: seconds or a date, capped,
//! whatever it writes.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::UnixMillis;
use local_stack::items::Item;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::Traffic;
use wacore_binary::builder::NodeBuilder;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, INSTANCE_TOKEN, Request, Rig, Shape, ask, driven};

driven! {
    what_is_obeyed_and_remembered_is_capped_and_dates_are_dates {
        fault: "`expire`, `backoff`: huge, a date, negative, no number",
        step: "login, leave",
        answer: "`Retry-After` of 7 days at most for a ban, an hour for throttling",
        afterwards: "the same end is remembered",
    }
}

const DAY: u64 = 24 * 60 * 60;

/// What WhatsApp writes at a moment, and the seconds of a ban and of throttling
/// that are obeyed.
fn cases(now: UnixMillis) -> Vec<(Option<String>, u64, u64)> {
    let text = |text: &str| Some(text.to_owned());
    let soon = now.plus(Duration::from_secs(90));
    vec![
        (text("30"), 30, 30),
        (text("7200"), 7_200, 3_600),
        (text("604801"), 7 * DAY, 3_600),
        (text("999999999"), 7 * DAY, 3_600),
        (text("18446744073709551615"), 7 * DAY, 3_600),
        (text("99999999999999999999999999"), 7 * DAY, 3_600),
        (Some(soon.seconds().to_string()), 90, 90),
        (Some(soon.0.to_string()), 90, 90),
        (text("1000000001"), 3_600, 60),
        (text("0"), 3_600, 60),
        (text("-30"), 3_600, 60),
        (text("soon"), 3_600, 60),
        (text(""), 3_600, 60),
        (None, 3_600, 60),
    ]
}

#[tokio::test]
async fn what_is_obeyed_and_remembered_is_capped_and_dates_are_dates() {
    let rig = Rig::start().await;
    let linked = rig.session().await;
    // A whole second, so that a date of seconds says it exactly.
    let now = domain::clock::Clock::now(&domain::clock::SystemClock::new());
    let now = UnixMillis(now.seconds() * 1000);
    for (told, ban, throttle) in cases(now) {
        let with = |name: &'static str| told.clone().map(|text| (name, text));
        let failure = |reason: &'static str, name: &'static str| {
            let failure = NodeBuilder::new("failure").attr("reason", reason).attrs(with(name));
            Reaction::EndWith(Box::new(failure.build()))
        };
        let stream = NodeBuilder::new("stream:error").attr("code", "429").attrs(with("backoff"));
        let refused = [("code", "429".to_owned())].into_iter().chain(with("backoff")).collect();
        for (moment, reaction, obeyed) in [
            (Moment::Login, failure("402", "expire"), ban),
            (Moment::Login, failure("429", "backoff"), throttle),
            (Moment::Login, Reaction::EndWith(Box::new(stream.build())), throttle),
            (Moment::Leave, Reaction::IqErrorWith(refused), throttle),
        ] {
            let context = format!("{told:?} {reaction:?}");
            rig.provisioner.put(linked.clone()).await.unwrap();
            let service = rig.service(Arc::new(ManualClock::at(now)), &Traffic::new());
            rig.simulator().script(Fault::new(moment, reaction));
            // The next call hears it without a connection.
            for token in [ACCOUNT_TOKEN, INSTANCE_TOKEN] {
                let request = Request::leave(token, "sales", GROUP);
                let reply = ask(&service, &request).await;
                assert_eq!(reply.number("retry-after"), obeyed, "{context} {reply:?}");
            }
            let until = Item(&rig.session().await).number("blocked_until").unwrap();
            assert_eq!(until, now.0 + obeyed * 1000, "{context}");
        }
    }
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn the_log_has_what_whatsapp_wrote_and_why_it_banned() {
    let rig = Rig::start().await;
    let process = rig.process_with(&[("LOG_LEVEL", "WARN")]).await;
    let ban = NodeBuilder::new("failure")
        .attr("reason", "402")
        .attr("code", "104")
        .attr("expire", "31536000123")
        .build();
    rig.simulator().script(Fault::new(Moment::Login, Reaction::EndWith(Box::new(ban))));
    let reply = process.send(&Request::leave(ACCOUNT_TOKEN, "sales", GROUP), Shape::HttpApi).await;
    assert_eq!(reply.status, 503);
    let output = process.function.output();
    assert!(output.contains("31536000123") && output.contains("104"), "{output}");
    assert!(output.contains("obeyed_seconds"), "{output}");
}

#[tokio::test]
async fn a_block_further_ahead_than_any_that_is_obeyed_does_not_last() {
    let rig = Rig::start().await;
    let now = domain::clock::Clock::now(&domain::clock::SystemClock::new());
    for (ahead, status) in [(6 * DAY, 503), (8 * DAY, 200)] {
        let mut session = rig.session().await;
        let until = now.plus(Duration::from_secs(ahead));
        session.insert("blocked_until".to_owned(), local_stack::items::number(until.0));
        session.insert("blocked_by".to_owned(), local_stack::items::text("banned"));
        rig.provisioner.put(session).await.unwrap();
        let service = rig.local(&Traffic::new());
        let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
        assert_eq!(reply.status, status, "{ahead} s ahead: {reply:?}");
    }
}
