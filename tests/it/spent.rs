//! A connection that has failed knows it: nothing is sent on it any more, and
//! whoever asks is told that nothing was sent.

use std::time::Duration;

use domain::clock::Budget;
use domain::group::{Group, GroupJid, GroupKind};
use futures_util::FutureExt;
use local_stack::traffic::Traffic;
use serde_json::json;
use wacore_binary::builder::NodeBuilder;
use whatsapp::{Failure, LeaveError, MetadataError, Online, StreamError};
use whatsapp_simulator::{Fault, HoldHandle, Moment, NewGroup, Reaction, StreamErrorKind};

use crate::support::{ACCOUNT_TOKEN, GROUP, PLENTY, Request, Rig, ask, command, driven, envelope};

driven! {
    what_was_not_sent_is_taken_back_so_that_the_retry_tells_the_truth {
        fault: "the connection ends before a question of the run",
        step: "metadata, leave",
        answer: "503 unavailable for what was not sent",
        afterwards: "own intents are taken back",
    }
}

const OTHER: &str = "120363407000000001@g.us";

fn plenty() -> Budget {
    Budget::of(PLENTY)
}

fn jid() -> GroupJid {
    GROUP.parse().unwrap()
}

async fn leave(online: &mut Online) -> Result<usize, LeaveError> {
    let group = Group { jid: jid(), kind: GroupKind::Group };
    online.leave(&[group], plenty(), || true).await.map(|replies| replies.len())
}

#[tokio::test]
async fn after_a_failure_nothing_is_sent_and_every_question_is_told_so() {
    for (reaction, cause) in [
        (Reaction::Drop, Failure::Closed),
        (Reaction::StreamError(StreamErrorKind::Replaced), Failure::Stream(StreamError::Replaced)),
        (Reaction::StreamError(StreamErrorKind::XmlStreamEnd), Failure::Stream(StreamError::End)),
        (Reaction::RawBytes(vec![0, 0, 3, 1, 2, 3]), Failure::Protocol("undecryptable frame")),
    ] {
        let rig = Rig::start().await;
        let mut online = rig.online().await;
        rig.simulator().script(Fault::new(Moment::Metadata, reaction));
        let failure = online.metadata(&jid(), &rig.credentials(), plenty()).await.unwrap_err();
        assert_eq!(failure, MetadataError::Failed(cause.clone()));
        assert!(online.is_spent(), "{cause:?}");

        let spent = Failure::Spent(Box::new(cause.clone()));
        assert_eq!(leave(&mut online).await, Err(LeaveError::Unsent(spent.clone())));
        let again = online.metadata(&jid(), &rig.credentials(), plenty()).await.unwrap_err();
        assert_eq!(again, MetadataError::Failed(spent));
        assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["query"], "{cause:?}");
        assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
    }
}

/// The lease is looked at after everything that is waited for: a freeze finds it ended.
#[tokio::test]
async fn a_leave_without_its_lease_is_not_sent_and_the_connection_goes_on() {
    let rig = Rig::start().await;
    let mut online = rig.online().await;
    let group = Group { jid: jid(), kind: GroupKind::Group };
    let refused = online.leave(&[group], plenty(), || false).await.unwrap_err();
    assert_eq!(refused, LeaveError::LeaseExpired);
    assert!(!online.is_spent());
    assert_eq!(leave(&mut online).await, Ok(1));
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["leave"]);
}

#[tokio::test]
async fn an_end_that_has_come_already_is_noticed_before_the_leave_is_sent() {
    for kind in [StreamErrorKind::Replaced, StreamErrorKind::Code(503)] {
        let rig = Rig::start().await;
        let mut online = rig.online().await;
        rig.simulator().script(Fault::new(Moment::Metadata, Reaction::ThenStreamError(kind)));
        online.metadata(&jid(), &rig.credentials(), plenty()).await.unwrap();
        while rig.simulator().record().open_sockets(&rig.device.jid) > 0 {
            tokio::task::yield_now().await;
        }
        let unsent = leave(&mut online).await.unwrap_err();
        assert!(matches!(unsent, LeaveError::Unsent(Failure::Stream(_))), "{kind:?} {unsent:?}");
        assert!(online.is_spent());
        assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["query"]);
    }
}

#[tokio::test]
async fn a_leave_without_a_reply_may_have_been_carried_out() {
    for reaction in [
        Reaction::DropAfterApply,
        Reaction::Drop,
        Reaction::StreamError(StreamErrorKind::Code(429)),
        Reaction::StreamError(StreamErrorKind::DeviceRemoved),
    ] {
        let rig = Rig::start().await;
        let mut online = rig.online().await;
        rig.simulator().script(Fault::new(Moment::Leave, reaction.clone()));
        let lost = leave(&mut online).await.unwrap_err();
        assert!(matches!(lost, LeaveError::Lost(_)), "{reaction:?} {lost:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_passed_over_when_it_comes_late() {
    let rig = Rig::start().await;
    rig.group(NewGroup::new("Other").jid(OTHER), None).await;
    let mut online = rig.online().await;
    let held = HoldHandle::new();
    rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Hold(held.clone())));
    let share = Budget::of(Duration::from_millis(100));
    let late = online.metadata(&jid(), &rig.credentials(), share).await.unwrap_err();
    assert!(matches!(late, MetadataError::Failed(Failure::Timeout(_))), "{late:?}");
    assert!(!online.is_spent());

    held.release();
    let other: GroupJid = OTHER.parse().unwrap();
    let metadata = online.metadata(&other, &rig.credentials(), plenty()).await.unwrap();
    assert_eq!(metadata.group().jid, other);
    assert_eq!(leave(&mut online).await, Ok(1));
}

#[tokio::test]
async fn a_frame_that_is_left_half_sent_spends_the_connection() {
    let rig = Rig::start().await;
    let mut online = rig.online().await;
    // More than the sockets of both sides hold, and nobody reads meanwhile.
    let large = NodeBuilder::new("iq").bytes(vec![7; 15 * 1024 * 1024]).build();
    assert_eq!(online.send(&large, plenty()).now_or_never(), None);
    assert!(online.is_spent());
    assert!(matches!(leave(&mut online).await, Err(LeaveError::Unsent(Failure::Spent(_)))));
}

#[tokio::test]
async fn what_was_not_sent_is_taken_back_so_that_the_retry_tells_the_truth() {
    let rig = Rig::start().await;
    // The row is stale: somebody removed us long ago.
    rig.simulator().remove_member(GROUP, &rig.device.phone);
    rig.simulator().create_group(NewGroup::new("Strangers").jid(OTHER));
    rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Drop));
    let service = rig.local(&Traffic::new());
    let answer = command(&service, "sales", &[GROUP, OTHER]).await;
    let statuses: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [&json!(503), &json!(503)], "{answer}");
    rig.assert_settled().await;
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", GROUP)).await;
    let not_member = "Group not found or you are not a member of this group";
    assert_eq!((reply.status, reply.body), (404, envelope(not_member)));
}
