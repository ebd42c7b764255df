//! 403 or 404, kinds of groups, and rosters that are stale.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Clock, SystemClock};
use domain::group::GroupKind;
use local_stack::manual_clock::ManualClock;
use local_stack::traffic::Traffic;
use whatsapp_simulator::{Fault, GroupKind as Kind, Moment, NewGroup, Rank, Reaction};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask, driven, envelope, success};

driven! {
    a_500_on_a_community_is_retried_once_on_the_same_connection {
        fault: "500 on a community",
        step: "leave",
        answer: "sent once more on the same connection",
        afterwards: "settled",
    }
    a_community_that_was_left_although_it_said_500_is_not_denied_by_the_second_try {
        fault: "500 on a community that was left all the same",
        step: "leave",
        answer: "the second try hears 404: 200",
        afterwards: "settled",
    }
    a_group_whose_kind_changed_since_the_last_look_is_left_as_what_it_is {
        fault: "the assumed kind is wrong: 400",
        step: "leave",
        answer: "left as what it is: 200",
        afterwards: "settled",
    }
    a_refusal_of_someone_who_is_not_in_the_group_is_not_found {
        fault: "refusal code",
        step: "leave",
        answer: "403 for a member, 404 for anyone else",
        afterwards: "the roster heals",
    }
}

const NOT_ALLOWED: &str = "Not allowed to leave this group";
const NOT_MEMBER: &str = "Group not found or you are not a member of this group";

const COMMUNITY: &str = "120363401000000010@g.us";
const ANNOUNCEMENT: &str = "120363401000000011@g.us";
const SUBGROUP: &str = "120363401000000012@g.us";

/// A community with its announcement group and a subgroup, all joined.
async fn community(rig: &Rig, is_known: bool) {
    let parent = Some(COMMUNITY.parse().unwrap());
    let known = |kind| is_known.then_some(kind);
    let linked = COMMUNITY.to_owned();
    let groups = [
        (COMMUNITY, Kind::Community, GroupKind::Community),
        (
            ANNOUNCEMENT,
            Kind::Announcement { parent: linked.clone() },
            GroupKind::Announcement { parent: parent.clone() },
        ),
        (SUBGROUP, Kind::Subgroup { parent: linked }, GroupKind::Subgroup { parent }),
    ];
    for (jid, kind, known_as) in groups {
        let group = NewGroup::new("Neighbours")
            .jid(jid)
            .kind(kind)
            .member("5511988880000", Rank::Superadmin);
        rig.group(group.invite(&format!("Invite{}", &jid[..18])), known(known_as)).await;
    }
}

async fn leave(rig: &Rig, identifier: &str) -> (u16, String) {
    let service = rig.local(&Traffic::new());
    let reply = ask(&service, &Request::leave(ACCOUNT_TOKEN, "sales", identifier)).await;
    (reply.status, reply.body)
}

#[tokio::test]
async fn leaving_a_community_leaves_its_linked_groups_too() {
    for is_known in [true, false] {
        for identifier in [COMMUNITY, "Invite120363401000000010"] {
            let rig = Rig::start().await;
            community(&rig, is_known).await;
            assert_eq!(
                leave(&rig, identifier).await,
                (200, success(COMMUNITY)),
                "{is_known} {identifier}"
            );
            for jid in [COMMUNITY, ANNOUNCEMENT, SUBGROUP] {
                assert!(!rig.simulator().is_member(jid, &rig.device.phone), "{jid}");
                assert!(!rig.items().await.contains_key(&format!("GROUP#{jid}")), "{jid}");
            }
            assert!(rig.simulator().is_member(GROUP, &rig.device.phone), "nothing else is left");
            assert!(rig.items().await.contains_key(&format!("GROUP#{GROUP}")));
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn leaving_a_subgroup_leaves_only_that_subgroup() {
    for is_known in [true, false] {
        let rig = Rig::start().await;
        community(&rig, is_known).await;
        assert_eq!(leave(&rig, SUBGROUP).await, (200, success(SUBGROUP)));
        assert!(!rig.simulator().is_member(SUBGROUP, &rig.device.phone));
        for jid in [COMMUNITY, ANNOUNCEMENT] {
            assert!(rig.simulator().is_member(jid, &rig.device.phone), "{jid}");
        }
    }
}

#[tokio::test]
async fn an_announcement_group_cannot_be_left_alone() {
    for is_known in [true, false] {
        for identifier in [ANNOUNCEMENT, "Invite120363401000000011"] {
            let rig = Rig::start().await;
            community(&rig, is_known).await;
            assert_eq!(leave(&rig, identifier).await, (403, envelope(NOT_ALLOWED)));
            assert!(rig.simulator().is_member(ANNOUNCEMENT, &rig.device.phone));
            assert!(!rig.simulator().record().iqs(&rig.device.jid).contains(&"leave".to_owned()));
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn an_announcement_group_that_we_are_not_in_is_not_found() {
    let rig = Rig::start().await;
    community(&rig, true).await;
    rig.simulator().remove_member(ANNOUNCEMENT, &rig.device.phone);
    assert_eq!(leave(&rig, ANNOUNCEMENT).await, (404, envelope(NOT_MEMBER)));
    assert!(!rig.items().await.contains_key(&format!("GROUP#{ANNOUNCEMENT}")), "the roster heals");
}

#[tokio::test]
async fn the_owner_of_a_community_cannot_leave_it_found_by_number_and_by_lid() {
    for is_lid_addressed in [false, true] {
        for is_known in [true, false] {
            let rig = Rig::start().await;
            let mut group = NewGroup::new("Ours").jid(COMMUNITY).kind(Kind::Community);
            if is_lid_addressed {
                group = group.lid_addressed();
            }
            rig.group(group, is_known.then_some(GroupKind::Community)).await;
            rig.simulator().set_rank(COMMUNITY, &rig.device.phone, Rank::Superadmin);
            assert_eq!(leave(&rig, COMMUNITY).await, (403, envelope(NOT_ALLOWED)));
            assert!(!rig.simulator().record().iqs(&rig.device.jid).contains(&"leave".to_owned()));
            assert!(rig.simulator().is_member(COMMUNITY, &rig.device.phone));
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn the_owner_of_a_plain_group_may_leave_it() {
    let rig = Rig::start().await;
    rig.simulator().set_rank(GROUP, &rig.device.phone, Rank::Superadmin);
    assert_eq!(leave(&rig, GROUP).await, (200, success(GROUP)));
}

#[tokio::test]
async fn a_refusal_of_someone_who_is_not_in_the_group_is_not_found() {
    for code in [401, 403, 405, 406] {
        let rig = Rig::start().await;
        rig.simulator().remove_member(GROUP, &rig.device.phone);
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code }));
        assert_eq!(leave(&rig, GROUP).await, (404, envelope(NOT_MEMBER)), "{code}");
        assert!(!rig.items().await.contains_key(&format!("GROUP#{GROUP}")), "the roster heals");
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn an_iq_error_on_the_leave_counts_as_that_code() {
    let not_allowed = envelope(NOT_ALLOWED);
    let not_member = envelope(NOT_MEMBER);
    for (code, expected) in [(403, (403, not_allowed)), (404, (404, not_member))] {
        let rig = Rig::start().await;
        let reaction = Reaction::IqError { code, text: "no".to_owned(), backoff: None };
        rig.simulator().script(Fault::new(Moment::Leave, reaction));
        assert_eq!(leave(&rig, GROUP).await, expected, "{code}");
    }
}

#[tokio::test]
async fn a_roster_that_is_stale_in_either_direction_does_not_make_the_answer_wrong() {
    // The roster says that we are in it, and we are not.
    let rig = Rig::start().await;
    rig.simulator().remove_member(GROUP, &rig.device.phone);
    assert_eq!(leave(&rig, GROUP).await, (404, envelope(NOT_MEMBER)));
    assert!(!rig.items().await.contains_key(&format!("GROUP#{GROUP}")));
    rig.assert_settled().await;
    // The roster knows nothing, and we are in it.
    rig.simulator().add_member(GROUP, &rig.device.phone);
    assert_eq!(leave(&rig, GROUP).await, (200, success(GROUP)));
}

#[tokio::test]
async fn a_group_whose_kind_changed_since_the_last_look_is_left_as_what_it_is() {
    for (stored, real) in [
        (GroupKind::Community, Kind::Group),
        (GroupKind::Group, Kind::Community),
        (GroupKind::Announcement { parent: None }, Kind::Group),
        (GroupKind::Subgroup { parent: None }, Kind::Group),
    ] {
        let rig = Rig::start().await;
        rig.simulator().set_kind(GROUP, real.clone());
        rig.roster(GROUP, stored.clone()).await;
        assert_eq!(leave(&rig, GROUP).await, (200, success(GROUP)), "{stored:?} is now {real:?}");
        assert!(!rig.simulator().is_member(GROUP, &rig.device.phone));
        rig.assert_settled().await;
    }
}

#[tokio::test]
async fn a_500_on_a_community_is_retried_once_on_the_same_connection() {
    let rig = Rig::start().await;
    community(&rig, true).await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 500 }));
    assert_eq!(leave(&rig, COMMUNITY).await, (200, success(COMMUNITY)));
    let record = rig.simulator().record();
    assert_eq!((record.logins(&rig.device.jid), record.connections), (1, 1));
    assert_eq!(record.iqs(&rig.device.jid), ["query", "leave", "leave"]);

    let rig = Rig::start().await;
    community(&rig, true).await;
    for _ in 0..2 {
        rig.simulator().script(Fault::new(Moment::Leave, Reaction::TargetError { code: 500 }));
    }
    assert_eq!(leave(&rig, COMMUNITY).await.0, 503);
    assert!(rig.simulator().unused_faults().is_empty());
}

#[tokio::test]
async fn a_community_that_was_left_although_it_said_500_is_not_denied_by_the_second_try() {
    for is_known in [true, false] {
        for identifier in [COMMUNITY, "Invite120363401000000010"] {
            let rig = Rig::start().await;
            community(&rig, is_known).await;
            let applied = Reaction::TargetErrorAfterApply { code: 500 };
            rig.simulator().script(Fault::new(Moment::Leave, applied));
            let answer = leave(&rig, identifier).await;
            assert_eq!(answer, (200, success(COMMUNITY)), "{is_known} {identifier}");
            assert_eq!(rig.history().await, 1);
            rig.assert_settled().await;
        }
    }
}

#[tokio::test]
async fn a_second_try_that_is_throttled_keeps_the_first_ones_intent() {
    let rig = Rig::start().await;
    community(&rig, true).await;
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let service = rig.service(clock.clone(), &Traffic::new());
    let applied = Reaction::TargetErrorAfterApply { code: 500 };
    rig.simulator().script(Fault::new(Moment::Leave, applied));
    let throttled = Reaction::IqError { code: 429, text: "slow".to_owned(), backoff: Some(30) };
    rig.simulator().script(Fault::new(Moment::Leave, throttled));
    let request = Request::leave(ACCOUNT_TOKEN, "sales", COMMUNITY);
    assert_eq!(ask(&service, &request).await.status, 503);
    assert_eq!(ask(&service, &request).await.status, 429, "WhatsApp is left alone");
    clock.advance(Duration::from_secs(31));
    let reply = ask(&service, &request).await;
    assert_eq!((reply.status, reply.body), (200, success(COMMUNITY)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn an_unknown_community_by_invite_leaves_evidence_for_the_retry() {
    let rig = Rig::start().await;
    community(&rig, false).await;
    rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
    assert_eq!(leave(&rig, "Invite120363401000000010").await.0, 503);
    assert_eq!(leave(&rig, "Invite120363401000000010").await, (200, success(COMMUNITY)));
    rig.assert_settled().await;
}

#[tokio::test]
async fn a_community_with_more_groups_than_a_transaction_takes_is_settled_whole() {
    let rig = Rig::start().await;
    community(&rig, true).await;
    for _ in 0..230 {
        let kind = Kind::Subgroup { parent: COMMUNITY.to_owned() };
        let known_as = GroupKind::Subgroup { parent: Some(COMMUNITY.parse().unwrap()) };
        rig.group(NewGroup::new("One of many").kind(kind), Some(known_as)).await;
    }
    assert_eq!(leave(&rig, COMMUNITY).await, (200, success(COMMUNITY)));
    let rows: Vec<_> =
        rig.items().await.into_keys().filter(|sk| sk.starts_with("GROUP#")).collect();
    assert_eq!(rows, [format!("GROUP#{GROUP}")], "only the group that is not of it");
    rig.assert_settled().await;
}
