//! Lost outcomes: the retry tells the truth.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use local_stack::items::Item;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::{CallFault, Traffic};
use whatsapp_simulator::{Fault, LeaveReplyKind, Moment, NewGroup, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, Request, Rig, ask, ask_within, driven, envelope, success,
};

driven! {
    whatever_is_not_a_status_of_this_target_is_unconfirmed_and_the_retry_learns_the_outcome {
        fault: "WhatsApp drops, stays silent, answers 5xx or an unknown code",
        step: "leave",
        answer: "503 did not confirm; retry 200",
        afterwards: "intent and row stay for the retry",
    }
    whatever_is_not_a_status_of_this_target_is_unconfirmed_and_the_retry_learns_the_outcome {
        fault: "reply empty, without `<leave>`, of another target, another id, another tag",
        step: "leave",
        answer: "503 did not confirm; retry 200",
        afterwards: "intent and row stay for the retry",
    }
    two_replies_are_one_answer {
        fault: "two replies",
        step: "leave",
        answer: "200",
        afterwards: "settled",
    }
    without_evidence_of_membership_a_lost_outcome_is_the_truth_about_now {
        fault: "reply lost after the leave, group known by invite alone",
        step: "leave",
        answer: "503, retry 404: the truth about now",
        afterwards: "settled",
    }
    rejoined_in_between_the_retry_leaves_again {
        fault: "reply lost after the leave, somebody adds us again",
        step: "leave",
        answer: "503, retry leaves again: 200",
        afterwards: "settled",
    }
    a_lost_reply_of_any_call_neither_loses_nor_doubles_anything {
        fault: "reply lost after apply, once",
        step: "gate, acquire, settle",
        answer: "200",
        afterwards: "settled once",
    }
    a_confirmed_leave_stays_a_200_when_the_closing_write_fails {
        fault: "5xx that lasts",
        step: "settle after a confirmed leave",
        answer: "200",
        afterwards: "the next run heals it",
    }
    a_recovered_leave_is_a_200_only_once_it_is_settled {
        fault: "5xx that lasts",
        step: "settle of a recovered leave",
        answer: "503 did not confirm; retry 200",
        afterwards: "intent and row stay for the retry",
    }
}

const NOT_MEMBER: &str = "Group not found or you are not a member of this group";
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";

fn usual() -> Request {
    Request::leave(ACCOUNT_TOKEN, "sales", GROUP)
}

fn replies() -> Vec<(Reaction, bool)> {
    let mut replies = vec![
        (Reaction::Drop, false),
        (Reaction::DropAfterApply, true),
        (Reaction::Silence, false),
        (Reaction::SilenceAfterApply, true),
        (Reaction::TargetError { code: 500 }, false),
        (Reaction::TargetErrorAfterApply { code: 500 }, true),
        (Reaction::TargetError { code: 418 }, false),
        (Reaction::TargetErrorAfterApply { code: 503 }, true),
    ];
    for kind in [
        LeaveReplyKind::Empty,
        LeaveReplyKind::MissingLeave,
        LeaveReplyKind::OtherTarget,
        LeaveReplyKind::OtherId,
        LeaveReplyKind::WrongTag,
    ] {
        for applied in [false, true] {
            replies.push((Reaction::LeaveReply { kind, applied }, applied));
        }
    }
    replies
}

#[tokio::test]
async fn whatever_is_not_a_status_of_this_target_is_unconfirmed_and_the_retry_learns_the_outcome() {
    for (reaction, applied) in replies() {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        rig.simulator().script(Fault::new(Moment::Leave, reaction.clone()));
        let reply = ask_within(&service, &usual(), Duration::from_millis(1_500)).await;
        assert_eq!((reply.status, reply.body), (503, envelope(UNCONFIRMED)), "{reaction:?}");
        assert_eq!(rig.simulator().is_member(GROUP, &rig.device.phone), !applied, "{reaction:?}");
        let session = rig.session().await;
        assert!(!session.contains_key("lease_owner"), "{reaction:?}");
        assert_eq!(Item(&session).map("intents").unwrap().len(), 1, "{reaction:?}");

        let retried = ask(&service, &usual()).await;
        assert_eq!((retried.status, retried.body), (200, success(GROUP)), "{reaction:?}");
        assert!(!rig.simulator().is_member(GROUP, &rig.device.phone), "{reaction:?}");
        rig.assert_settled().await;
        assert_eq!(ask(&service, &usual()).await.status, 404, "once is enough: {reaction:?}");
        assert!(rig.simulator().unused_faults().is_empty());
    }
}

#[tokio::test]
async fn two_replies_are_one_answer() {
    let rig = Rig::start().await;
    let twice = Reaction::LeaveReply { kind: LeaveReplyKind::Twice, applied: true };
    rig.simulator().script(Fault::new(Moment::Leave, twice));
    assert_eq!(ask(&rig.local(&Traffic::new()), &usual()).await.status, 200);
}

#[tokio::test]
async fn without_evidence_of_membership_a_lost_outcome_is_the_truth_about_now() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let unknown = rig.group(NewGroup::new("Unknown").invite("Unknown1"), None).await;
    let by_invite = Request::leave(ACCOUNT_TOKEN, "sales", "Unknown1");
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &by_invite).await.status, 503);
    let retried = ask(&service, &by_invite).await;
    assert_eq!((retried.status, retried.body), (404, envelope(NOT_MEMBER)));
    assert!(!rig.simulator().is_member(&unknown, &rig.device.phone));
    rig.assert_settled().await;
}

#[tokio::test]
async fn an_unknown_groups_metadata_is_evidence_for_the_retry() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    let unknown = rig.group(NewGroup::new("Unknown"), None).await;
    let request = Request::leave(ACCOUNT_TOKEN, "sales", &unknown);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &request).await.status, 503);
    let retried = ask(&service, &request).await;
    assert_eq!((retried.status, retried.body), (200, success(&unknown)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_retry_by_link_recovers_what_was_tried_by_jid() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    let link = Request::leave(ACCOUNT_TOKEN, "sales", "https://chat.whatsapp.com/ABC123XYZ");
    let retried = ask(&service, &link).await;
    assert_eq!((retried.status, retried.body), (200, success(GROUP)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn rejoined_in_between_the_retry_leaves_again() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    rig.simulator().add_member(GROUP, &rig.device.phone);
    assert_eq!(ask(&service, &usual()).await.status, 200);
    assert!(!rig.simulator().is_member(GROUP, &rig.device.phone));
    rig.assert_settled().await;
}

#[tokio::test]
async fn an_intent_counts_for_24_hours() {
    for (hours, expected) in [(23, 200), (25, 404)] {
        let rig = Rig::start().await;
        let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
        let service = rig.service(clock.clone(), &Traffic::new());
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        assert_eq!(ask(&service, &usual()).await.status, 503);
        clock.advance(Duration::from_secs(hours * 60 * 60));
        assert_eq!(ask(&service, &usual()).await.status, expected, "after {hours} hours");
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_run_that_sent_nothing_takes_back_its_own_intent_and_leaves_an_earlier_one() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Connect, Reaction::Drop));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    rig.assert_settled().await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    rig.simulator().script(Fault::new(Moment::Connect, Reaction::Drop));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    assert_eq!(ask(&service, &usual()).await.status, 200, "the earlier intent still stands");
}

#[tokio::test]
async fn a_confirmed_leave_stays_a_200_when_the_closing_write_fails() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    for _ in 0..3 {
        traffic.plan("TransactWriteItems", CallFault::ServerError);
    }
    let reply = ask(&service, &usual()).await;
    assert_eq!((reply.status, reply.body), (200, success(GROUP)));
    assert_eq!(traffic.unused_faults(), 0);
}

#[tokio::test]
async fn a_recovered_leave_is_a_200_only_once_it_is_settled() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let service = rig.service(clock.clone(), &traffic);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(ask(&service, &usual()).await.status, 503);
    for _ in 0..3 {
        traffic.plan("TransactWriteItems", CallFault::ServerError);
    }
    let reply = ask(&service, &usual()).await;
    assert_eq!((reply.status, reply.body), (503, envelope(UNCONFIRMED)));
    // That run's lease is still there; it ends by itself.
    clock.advance(Duration::from_secs(40));
    assert_eq!(ask(&service, &usual()).await.status, 200);
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_lost_reply_of_any_call_neither_loses_nor_doubles_anything() {
    for (operation, nth) in [("UpdateItem", 0), ("UpdateItem", 1), ("TransactWriteItems", 0)] {
        let rig = Rig::start().await;
        let traffic = Traffic::new();
        let service = rig.local(&traffic);
        for _ in 0..nth {
            traffic.plan(operation, CallFault::Pass);
        }
        traffic.plan(operation, CallFault::LoseReply);
        let reply = ask(&service, &usual()).await;
        assert_eq!((reply.status, reply.body), (200, success(GROUP)), "{operation} {nth}");
        assert_eq!(traffic.unused_faults(), 0, "{operation} {nth}");
        rig.assert_settled().await;
        let history = rig.items().await.into_keys().filter(|sk| sk.starts_with("LEFT#")).count();
        assert_eq!(history, 1, "{operation} {nth}");
        assert_eq!(rig.simulator().record().logins(&rig.device.jid), 1);
    }
}
