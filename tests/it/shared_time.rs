//! One silence does not eat the time of everything after it, and no stanza goes out
//! without time in which its reply can come.

use std::time::Duration;

use domain::group::GroupKind;
use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask_within, envelope, leave_all_within};

const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";

#[tokio::test]
async fn a_query_that_is_never_answered_costs_the_others_of_its_batch_nothing() {
    for (moment, unknown) in [(Moment::Metadata, None), (Moment::Invite, Some("Unknown1"))] {
        for is_first in [true, false] {
            let rig = Rig::start().await;
            let jid = rig.group(NewGroup::new("Unknown").invite("Unknown1"), None).await;
            let other = rig.group(NewGroup::new("Other"), Some(GroupKind::Group)).await;
            let unknown = unknown.unwrap_or(&jid);
            rig.simulator().script(Fault::new(moment, Reaction::Silence));
            let mut identifiers = vec![GROUP, &other];
            identifiers.insert(if is_first { 0 } else { 2 }, unknown);
            let service = rig.local(&Traffic::new());
            let results = leave_all_within(&service, &identifiers, Duration::from_secs(6)).await;
            for (identifier, (status, message)) in identifiers.iter().zip(&results) {
                let expected = if *identifier == unknown { 503 } else { 200 };
                assert_eq!(*status, expected, "{identifier}: {message}");
                assert!(expected == 200 || message == UNAVAILABLE, "{message}");
            }
            assert!(rig.simulator().is_member(&jid, &rig.device.phone), "not sent is not left");
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_in_time_any_more_was_not_sent() {
    for moment in [Moment::Login, Moment::Invite, Moment::Metadata] {
        let rig = Rig::start().await;
        let kind = whatsapp_simulator::GroupKind::Community;
        let jid = rig.group(NewGroup::new("Ours").kind(kind).invite("OurInvite1"), None).await;
        rig.simulator().script(Fault::new(moment, Reaction::Silence));
        let request = Request::leave(ACCOUNT_TOKEN, "sales", "OurInvite1");
        let service = rig.local(&Traffic::new());
        let reply = ask_within(&service, &request, Duration::from_secs(2)).await;
        assert_eq!((reply.status, reply.body), (503, envelope(UNAVAILABLE)), "{moment:?}");
        assert!(rig.simulator().is_member(&jid, &rig.device.phone), "{moment:?}");
        assert!(!rig.simulator().record().iqs(&rig.device.jid).contains(&"leave".to_owned()));
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn one_silent_stanza_leaves_time_for_the_next_one() {
    let rig = Rig::start().await;
    let kind = whatsapp_simulator::GroupKind::Community;
    let community = NewGroup::new("Ours").kind(kind);
    let community = rig.group(community, Some(GroupKind::Community)).await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::Silence));
    let service = rig.local(&Traffic::new());
    let identifiers = [GROUP, community.as_str()];
    let results = leave_all_within(&service, &identifiers, Duration::from_secs(4)).await;
    assert_eq!([results[0].0, results[1].0], [503, 200], "{results:?}");
}
