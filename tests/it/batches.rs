//! Several groups in one run: each has one verdict, and nobody else's end touches it.

use std::time::Duration;

use domain::group::GroupKind;
use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, GroupKind as Kind, Moment, NewGroup, Reaction};

use crate::support::{
    ACCOUNT_TOKEN, GROUP, Request, Rig, ask, leave_all, leave_all_within, statuses, success,
};

pub const COMMUNITY: &str = "120363402000000010@g.us";
const ANNOUNCEMENT: &str = "120363402000000011@g.us";
const SUBGROUP: &str = "120363402000000012@g.us";
const LEFT: &str = "Successfully left the group";
const UNAVAILABLE: &str = "WhatsApp is unavailable. Try again later.";
const UNCONFIRMED: &str = "WhatsApp did not confirm the leave. Try again to learn the outcome.";
const NOT_MEMBER: &str = "Group not found or you are not a member of this group";
const NOT_ALLOWED: &str = "Not allowed to leave this group";

/// A community with an announcement group and a subgroup, all of them known.
pub async fn community(rig: &Rig) {
    let parent = || COMMUNITY.to_owned();
    let known = || Some(COMMUNITY.parse().unwrap());
    let groups = [
        (COMMUNITY, Kind::Community, GroupKind::Community),
        (
            ANNOUNCEMENT,
            Kind::Announcement { parent: parent() },
            GroupKind::Announcement { parent: known() },
        ),
        (SUBGROUP, Kind::Subgroup { parent: parent() }, GroupKind::Subgroup { parent: known() }),
    ];
    for (jid, kind, known_as) in groups {
        rig.group(NewGroup::new("Ours").jid(jid).kind(kind), Some(known_as)).await;
    }
}

fn leaves(rig: &Rig) -> usize {
    rig.simulator().record().iqs(&rig.device.jid).iter().filter(|iq| *iq == "leave").count()
}

async fn leave(rig: &Rig, identifier: &str) -> (u16, String) {
    let service = rig.local(&Traffic::new());
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", identifier)).await;
    (reply.status, reply.body)
}

fn of(results: &[(u64, String)]) -> Vec<(u64, &str)> {
    results.iter().map(|(status, message)| (*status, message.as_str())).collect()
}

#[tokio::test]
async fn nothing_is_remembered_of_a_group_that_no_stanza_named_when_another_ones_query_ends_the_connection()
 {
    for is_first in [true, false] {
        let rig = Rig::start().await;
        let unknown = rig.group(NewGroup::new("Unknown"), None).await;
        // Others removed us long ago: the row is stale.
        rig.simulator().remove_member(GROUP, &rig.device.phone);
        rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Drop));
        let identifiers: [&str; 2] = if is_first { [GROUP, &unknown] } else { [&unknown, GROUP] };
        let results = leave_all(&rig.local(&Traffic::new()), &identifiers).await;
        assert_eq!(of(&results), [(503, UNAVAILABLE); 2]);
        assert_eq!(leaves(&rig), 0, "nothing was sent");
        rig.assert_settled().await;
        let retried = leave_all(&rig.local(&Traffic::new()), &[GROUP]).await;
        assert_eq!(of(&retried), [(404, NOT_MEMBER)], "no leave of ours was ever sent");
        assert!(rig.simulator().unused_faults().is_empty());
    }
}

#[tokio::test]
async fn a_communitys_leave_keeps_what_is_known_of_a_subgroups_lost_one() {
    let rig = Rig::start().await;
    community(&rig).await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(leave(&rig, SUBGROUP).await.0, 503);
    assert_eq!(leave(&rig, COMMUNITY).await, (200, success(COMMUNITY)));
    let items = rig.items().await;
    assert!(items.contains_key(&format!("GROUP#{SUBGROUP}")), "the evidence stays");
    assert!(!items.contains_key(&format!("GROUP#{ANNOUNCEMENT}")), "what has no open leave goes");
    assert_eq!(leave(&rig, SUBGROUP).await, (200, success(SUBGROUP)));
    rig.assert_settled().await;
    assert_eq!(leave(&rig, SUBGROUP).await.0, 404, "once is enough");
}

#[tokio::test]
async fn a_communitys_leave_in_the_same_run_keeps_what_is_known_of_a_subgroups_lost_one() {
    let rig = Rig::start().await;
    community(&rig).await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::SilenceAfterApply));
    for identifiers in [[SUBGROUP, COMMUNITY]] {
        let results = leave_all_within(&service, &identifiers, Duration::from_secs(4)).await;
        assert_eq!(of(&results), [(503, UNCONFIRMED), (200, LEFT)]);
    }
    assert_eq!(leave(&rig, SUBGROUP).await, (200, success(SUBGROUP)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_group_goes_before_its_community_in_whatever_order_they_are_named() {
    for identifiers in [[SUBGROUP, COMMUNITY], [COMMUNITY, SUBGROUP]] {
        let rig = Rig::start().await;
        community(&rig).await;
        let results = leave_all(&rig.local(&Traffic::new()), &identifiers).await;
        assert_eq!(of(&results), [(200, LEFT); 2]);
        assert_eq!(rig.history().await, 2);
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn an_announcement_group_that_went_with_its_community_does_not_come_back_as_a_row() {
    for identifiers in [[ANNOUNCEMENT, COMMUNITY], [COMMUNITY, ANNOUNCEMENT]] {
        let rig = Rig::start().await;
        community(&rig).await;
        let results = leave_all(&rig.local(&Traffic::new()), &identifiers).await;
        let of_community = identifiers.iter().position(|jid| *jid == COMMUNITY).unwrap();
        assert_eq!(of(&results)[of_community], (200, LEFT));
        assert_eq!(of(&results)[1 - of_community], (403, NOT_ALLOWED));
        let items = rig.items().await;
        for jid in [COMMUNITY, ANNOUNCEMENT, SUBGROUP] {
            assert!(!items.contains_key(&format!("GROUP#{jid}")), "{jid}");
        }
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_group_that_is_named_twice_is_sent_once_and_has_one_verdict() {
    let forms: [&[&str]; 4] = [
        &[GROUP, GROUP],
        &[GROUP, "ABC123XYZ"],
        &["ABC123XYZ", GROUP],
        &["ABC123XYZ", "https://chat.whatsapp.com/ABC123XYZ", "120363406289005073"],
    ];
    for identifiers in forms {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        let results = leave_all(&service, identifiers).await;
        assert!(of(&results).iter().all(|result| *result == (503, UNCONFIRMED)), "{results:?}");
        assert_eq!(leaves(&rig), 1, "{identifiers:?}");
        let retried = leave_all(&service, identifiers).await;
        assert!(of(&retried).iter().all(|result| *result == (200, LEFT)), "{retried:?}");
        rig.assert_settled().await;
    }
}

/// 39 further groups, so that what comes after them has another lease.
async fn filled(rig: &Rig) -> Vec<String> {
    let mut jids = Vec::new();
    for _ in 0..39 {
        jids.push(rig.group(NewGroup::new("One of many"), Some(GroupKind::Group)).await);
    }
    jids
}

#[tokio::test]
async fn a_group_that_is_named_again_behind_a_runs_limit_has_one_verdict() {
    for (reaction, first, leaves_of_all) in [
        (None, (200, LEFT), 1),
        (Some(Reaction::SilenceAfterApply), (503, UNCONFIRMED), 1),
        (Some(Reaction::DropAfterApply), (503, UNCONFIRMED), 1),
    ] {
        let rig = Rig::start().await;
        let many = filled(&rig).await;
        let service = rig.local(&Traffic::new());
        if let Some(reaction) = &reaction {
            rig.simulator().script(Fault::new(Moment::Leave, reaction.clone()));
        }
        let mut identifiers = vec![GROUP];
        identifiers.extend(many.iter().map(String::as_str));
        identifiers.extend(["ABC123XYZ", "120363406289005073"]);
        let results = leave_all(&service, &identifiers).await;
        assert_eq!(of(&results)[0], first, "{reaction:?}");
        assert_eq!(of(&results)[40..], [first; 2], "{reaction:?}");
        assert_eq!(leaves(&rig), leaves_of_all, "{reaction:?}");
        let retried = leave_all(&service, &[GROUP]).await;
        let expected = if first.0 == 200 { 404 } else { 200 };
        assert_eq!(statuses(&retried), [expected], "{reaction:?}");
    }
}

#[tokio::test]
async fn of_several_verdicts_of_one_group_whatsapps_own_200_wins() {
    let rig = Rig::start().await;
    let many = filled(&rig).await;
    let service = rig.local(&Traffic::new());
    // The first run's connection fails before anything is sent; the second one's does not.
    rig.simulator().script(Fault::new(Moment::Login, Reaction::Drop));
    let mut identifiers = vec![GROUP];
    identifiers.extend(many.iter().map(String::as_str));
    identifiers.push("ABC123XYZ");
    let results = leave_all(&service, &identifiers).await;
    assert_eq!(of(&results)[0], (200, LEFT));
    assert_eq!(of(&results)[40], (200, LEFT));
    assert!(of(&results)[1..40].iter().all(|result| *result == (503, UNAVAILABLE)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_refusal_that_can_not_be_asked_about_any_more_is_nothing_done() {
    for code in [400, 401, 403, 405, 406] {
        let rig = Rig::start().await;
        let service = rig.local(&Traffic::new());
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code }));
        rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Drop));
        let results = leave_all(&service, &[GROUP]).await;
        assert_eq!(
            of(&results),
            [(503, UNAVAILABLE)],
            "{code}: WhatsApp said that it was not done"
        );
        assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
        rig.assert_settled().await;
        // So somebody else's act is not taken for ours.
        rig.simulator().remove_member(GROUP, &rig.device.phone);
        assert_eq!(of(&leave_all(&service, &[GROUP]).await), [(404, NOT_MEMBER)], "{code}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_an_earlier_lost_leave_open() {
    let rig = Rig::start().await;
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::SilenceAfterApply));
    let first = leave_all_within(&service, &[GROUP], Duration::from_secs(2)).await;
    assert_eq!(of(&first), [(503, UNCONFIRMED)]);
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 403 }));
    rig.simulator().script(Fault::new(Moment::Metadata, Reaction::Drop));
    let second = leave_all(&service, &[GROUP]).await;
    assert_eq!(of(&second), [(503, UNCONFIRMED)], "the first leave's outcome is open still");
    assert_eq!(of(&leave_all(&service, &[GROUP]).await), [(200, LEFT)]);
    rig.assert_settled().await;
}

#[tokio::test]
async fn after_a_throttled_target_nothing_more_is_asked_or_sent() {
    let rig = Rig::start().await;
    let kind = Kind::Community;
    let community = rig.group(NewGroup::new("Ours").kind(kind), Some(GroupKind::Community)).await;
    // In order of their JIDs, as they stand in the stanza.
    let mut groups = vec![GROUP.to_owned()];
    for _ in 0..2 {
        groups.push(rig.group(NewGroup::new("Other"), Some(GroupKind::Group)).await);
    }
    groups.sort();
    let service = rig.local(&Traffic::new());
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetErrors(vec![403, 429, 500])));
    let mut identifiers: Vec<&str> = groups.iter().map(String::as_str).collect();
    identifiers.push(&community);
    let results = leave_all(&service, &identifiers).await;
    let throttled = (429, "WhatsApp rate limit reached. Try again later.");
    assert_eq!(of(&results), [throttled, throttled, (503, UNCONFIRMED), throttled]);
    // The community's own metadata was asked before; nothing after the throttling.
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid), ["query", "leave"]);
    let intents = rig.session().await["intents"].as_m().unwrap().clone();
    assert_eq!(intents.keys().collect::<Vec<_>>(), [&groups[2]], "the open one alone stays");
    let connections = rig.simulator().record().connections;
    let again = leave_all(&service, &identifiers).await;
    assert!(of(&again).iter().all(|(status, _)| *status == 429), "{again:?}");
    assert_eq!(rig.simulator().record().connections, connections, "remembered");
}
