//! What is foretold of a leave is what leaving comes to: both run over the same random
//! worlds, and foretelling changes nothing in them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Budget, Clock, SystemClock};
use domain::group::GroupKind;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::trace::Trace;
use leave_group::service::Service;
use local_stack::items::{number, text};
use local_stack::traffic::Traffic;
use operation::leave::{Foretold, foretell};
use operation::visit::{Visit, visit};
use store::session::Settlement;
use whatsapp::Online;
use whatsapp_simulator::{Fault, GroupKind as Kind, Moment, NewGroup, Rank, Reaction};

use crate::support::{GROUP, PLENTY, Rig, cases, id, leave_all, statuses};

/// Worlds in one run of the tests.
const WORLDS: u64 = 40;
/// Seeds of worlds that once differed.
const KEPT: [u64; 0] = [];
const OTHERS: &str = "5511988880000";

/// One kind of group, as it is and as the roster may have it.
fn kinds(parent: &str) -> [(Kind, GroupKind); 4] {
    let (named, known) = (parent.to_owned(), Some(parent.parse().unwrap()));
    [
        (Kind::Group, GroupKind::Group),
        (Kind::Community, GroupKind::Community),
        (
            Kind::Announcement { parent: named.clone() },
            GroupKind::Announcement { parent: known.clone() },
        ),
        (Kind::Subgroup { parent: named }, GroupKind::Subgroup { parent: known }),
    ]
}

/// A world of some groups, and identifiers of what is in it and what is not.
async fn world(rig: &Rig, random: &mut fastrand::Rng) -> Vec<String> {
    let ours = rig.device.phone.as_str();
    let community = "120363402000000010@g.us";
    let mut identifiers = vec![
        "120363409999999999@g.us".to_owned(),
        "NosuchInviteCode".to_owned(),
        "no identifier".to_owned(),
    ];
    for number in 0..random.usize(3..8) {
        let jid = if number == 0 {
            community.to_owned()
        } else {
            format!("1203634020000001{number:02}@g.us")
        };
        let kind = if number == 0 { 1 } else { [0, 0, 2, 3, 3][random.usize(..5)] };
        let (is, known_as) = kinds(community).into_iter().nth(kind).unwrap();
        let code = format!("Invite{number:04}Code");
        let mut group = NewGroup::new("Group").jid(&jid).kind(is).invite(&code);
        group = group.member(OTHERS, Rank::Superadmin);
        if random.u8(..4) > 0 {
            let rank = if random.u8(..4) == 0 { Rank::Superadmin } else { Rank::Member };
            group = group.member(ours, rank);
        }
        rig.simulator().create_group(group);
        // A row may be missing, and may be of another kind.
        match random.u8(..5) {
            0 | 1 => {}
            2 => {
                let stale = kinds(community).into_iter().nth(random.usize(..4)).unwrap();
                rig.roster(&jid, stale.1).await;
            }
            _ => rig.roster(&jid, known_as).await,
        }
        if random.u8(..5) == 0 {
            rig.simulator().revoke_invite(&code);
        }
        identifiers.extend([jid, code]);
    }
    identifiers
}

/// Leaves whose outcomes are lost, before anybody foretells anything.
async fn lose(rig: &Rig, random: &mut fastrand::Rng, identifiers: &[String]) {
    for _ in 0..random.usize(..3) {
        let lost = [Reaction::DropAfterApply, Reaction::Drop];
        let lost = lost.into_iter().nth(random.usize(..2)).unwrap();
        rig.simulator().script(Fault::new(Moment::Leave, lost));
        let identifier = &identifiers[random.usize(..identifiers.len())];
        leave_all(&rig.local(&Traffic::new()), &[identifier]).await;
        rig.simulator().forget_faults();
    }
}

/// What is foretold, as statuses and messages.
async fn foretold(service: &Service, identifiers: &[&str]) -> Vec<(u64, String)> {
    let parsed: Vec<_> = identifiers.iter().map(|text| Identifier::parse(text)).collect();
    let wanted: Vec<&Identifier> = parsed.iter().flatten().collect();
    let (budget, mut trace) = (Budget::of(PLENTY), Trace::default());
    let looking = async |visit: &mut Visit<'_>| {
        let budget = visit.budget();
        let credentials = visit.credentials(budget).await.unwrap();
        let asking = async |visit: &mut Visit<'_>, online: &mut Online, ()| {
            let listed = online.participating(visit.budget()).await.unwrap();
            foretell(visit, online, &credentials, &listed, &wanted).await.unwrap()
        };
        visit.online(&credentials, budget, async {}, asking).await.unwrap()
    };
    let instance = id("acme", "sales");
    let visited = visit(&service.engine, &instance, &[], budget, &mut trace, looking).await;
    let mut visited = visited.unwrap();
    let mut told = visited.done.take().unwrap().into_iter();
    visited.settle(Settlement::default()).await.unwrap();
    let results = parsed.iter().map(|identifier| match identifier {
        Ok(_) => match told.next().unwrap() {
            Foretold::Leaves(_) | Foretold::Recovered(_) => {
                (200, "Successfully left the group".to_owned())
            }
            Foretold::Refused { problem, .. } => answered(problem),
        },
        Err(error) => answered((*error).into()),
    });
    results.collect()
}

fn answered(problem: Problem) -> (u64, String) {
    let answered = problem.answered();
    (answered.status.into(), answered.message.to_owned())
}

/// Who is in which group.
fn groups(rig: &Rig) -> serde_json::Value {
    serde_json::to_value(rig.simulator().snapshot()).unwrap()["groups"].take()
}

async fn compare(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let rig = Rig::start().await;
    let mut identifiers = world(&rig, &mut random).await;
    identifiers.push(GROUP.to_owned());
    lose(&rig, &mut random, &identifiers).await;
    rig.expire_lease().await;
    random.shuffle(&mut identifiers);
    identifiers.truncate(random.usize(1..=identifiers.len()));
    let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();

    let before = rig.items().await;
    let world = groups(&rig);
    let service = rig.local(&Traffic::new());
    service.engine.preload().await;
    let foretold = foretold(&service, &identifiers).await;
    let mut after = rig.items().await;
    // A visit leaves who held the lease, and that the device got in.
    let session = after.get_mut("SESSION").unwrap();
    for name in ["last_owner", "seen_at"] {
        match before["SESSION"].get(name) {
            Some(value) => session.insert(name.to_owned(), value.clone()),
            None => session.remove(name),
        };
    }
    assert_eq!(after, before, "seed {seed}: foretelling wrote something");
    assert_eq!(groups(&rig), world, "seed {seed}: foretelling left something");

    let done = leave_all(&service, &identifiers).await;
    let told = identifiers.iter().zip(&foretold).zip(&done);
    for ((identifier, foretold), done) in told {
        assert_eq!(foretold, done, "seed {seed}: {identifier} of {identifiers:?}");
    }
}

#[tokio::test]
async fn leaving_comes_to_what_was_foretold() {
    match std::env::var("LEAVE_GROUP_SEED") {
        Ok(seed) => Box::pin(compare(seed.parse().unwrap())).await,
        Err(_) => {
            for seed in KEPT.into_iter().chain(0..cases(WORLDS)) {
                Box::pin(compare(seed)).await;
            }
        }
    }
}

/// Plain groups that the session is in and the roster knows.
async fn known(rig: &Rig, many: usize) -> Vec<String> {
    let mut jids = Vec::new();
    for number in 0..many {
        let group = NewGroup::new("Group").jid(&format!("12036340400000{number:04}@g.us"));
        jids.push(rig.group(group, Some(GroupKind::Group)).await);
    }
    jids
}

/// Compares what is foretold, then what leaving comes to. Returns the statuses.
async fn foretold_and_done(rig: &Rig, jids: &[String]) -> Vec<u64> {
    let service = rig.local(&Traffic::new());
    let jids: Vec<&str> = jids.iter().map(String::as_str).collect();
    let foretold = foretold(&service, &jids).await;
    let done = leave_all(&service, &jids).await;
    assert_eq!(foretold, done);
    statuses(&done)
}

#[tokio::test]
async fn the_room_that_its_own_targets_would_take_is_foretold() {
    let rig = Rig::start().await;
    let now = SystemClock::new().now();
    let mut session = rig.session().await;
    let Some(AttributeValue::M(intents)) = session.get_mut("intents") else { panic!() };
    for index in 0..95 {
        let intent = HashMap::from([
            ("by".to_owned(), text("another-run")),
            ("began".to_owned(), number(now.0)),
            ("at".to_owned(), number(now.0)),
        ]);
        intents.insert(format!("1203634000{index:08}@g.us"), AttributeValue::M(intent));
    }
    rig.provisioner.put(session).await.unwrap();
    let jids = known(&rig, 10).await;
    let done = foretold_and_done(&rig, &jids).await;
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 5);
}

#[tokio::test]
async fn known_groups_are_foretold_with_the_list_alone() {
    let rig = Rig::start().await;
    let jids = known(&rig, 100).await;
    let service = rig.local(&Traffic::new());
    let names: Vec<&str> = jids.iter().map(String::as_str).collect();
    let throttled = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(3_600) };
    rig.simulator().script(Fault::new(Moment::Metadata, throttled));
    assert_eq!(foretold(&service, &names).await.len(), 100);
    assert_eq!(rig.simulator().record().iqs(&rig.device.jid).len(), 1);
    assert_eq!(foretold_and_done(&rig, &jids).await, [200; 100]);
}
