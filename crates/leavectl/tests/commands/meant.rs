//! `leavectl leave` with what people take for a group's identifier: its name, and a phone
//! number. WhatsApp would answer that there is no such group, which reads as "nothing is
//! left to do".

use domain::group::{Group, GroupKind};
use whatsapp_simulator::{NewGroup, Rank};

use crate::rig::{ANNOUNCEMENT, COMMUNITY, GROUP, Rig, id};

const LEAVE: [&str; 3] = ["leave", "acme", "sales"];

fn leaving<'a>(identifiers: &[&'a str]) -> Vec<&'a str> {
    LEAVE.iter().chain(identifiers).copied().collect()
}

async fn synced() -> Rig {
    let rig = Rig::start().await;
    rig.groups();
    let old = NewGroup::new("Old friends")
        .jid("5511999990000-1600000000@g.us")
        .member("5511988880000", Rank::Superadmin)
        .member(&rig.device.phone, Rank::Member);
    rig.simulator().create_group(old);
    rig.ok(&["group", "sync", "acme", "sales"]);
    rig.simulator().clear_record();
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_name_is_answered_with_its_jid_and_nothing_is_sent() {
    let rig = synced().await;
    for (name, jid) in [
        ("Garden", "120363401000000012@g.us"),
        (" garden ", "120363401000000012@g.us"),
        ("\u{200e}Garden\u{feff}", "120363401000000012@g.us"),
        ("Old friends", "5511999990000-1600000000@g.us"),
        ("old  FRIENDS", "5511999990000-1600000000@g.us"),
    ] {
        for more in [&[name, "--yes"][..], &[name, "--dry-run"], &[name], &[GROUP, name, "--yes"]] {
            rig.refused_with(
                2,
                &leaving(more),
                &format!("is the name of a group; give its JID: {jid}"),
            );
        }
    }
    // Of several with that name, each.
    rig.refused_with(2, &leaving(&["Neighbours", "-y"]), COMMUNITY);
    rig.refused_with(2, &leaving(&["Neighbours", "-y"]), ANNOUNCEMENT);
    rig.refused_json(&leaving(&["Garden", "--yes"]), 2, "120363401000000012@g.us");
    assert_eq!(rig.simulator().record().connections, 0);
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
}

/// A code can be a name too: as a link it is a code and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_a_name_too_is_taken_as_a_link() {
    let rig = synced().await;
    let group = NewGroup::new("Other")
        .jid("120363401000000077@g.us")
        .invite("Garden")
        .member("5511988880000", Rank::Superadmin)
        .member(&rig.device.phone, Rank::Member);
    rig.simulator().create_group(group);
    let told = rig.run(&leaving(&["Garden", "--yes"])).stderr;
    let link = "https://chat.whatsapp.com/Garden";
    assert!(told.contains(link), "{told}");
    let left = rig.json(&leaving(&[link, "--yes"]));
    assert_eq!(left["results"][0]["groupJid"], "120363401000000077@g.us");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_is_no_group_unless_it_is_one() {
    let rig = synced().await;
    for number in ["5511999990001", "+55 (11) 99999-0001", "55-11-9999-90001", "00 5511999990001"] {
        let whose = "is the phone number of instance acme/sales, and no group";
        rig.refused_with(2, &leaving(&[number, "--yes"]), whose);
    }
    let nobodys = "is a phone number, and no group; `leavectl group list acme sales`";
    rig.refused_with(2, &leaving(&["4915112345678", "--dry-run"]), nobodys);
    assert_eq!(rig.simulator().record().connections, 0);
    // Written as a JID it is one; and so it is where the roster has it.
    let (code, told) = rig.ended(&leaving(&["4915112345678@g.us", "--yes"]));
    assert_eq!((code, &told["results"][0]["status"]), (3, &404.into()));
    let short = Group { jid: "123456789@g.us".parse().unwrap(), kind: GroupKind::Group };
    rig.provisioner.group(&id("sales"), &short).await.unwrap();
    assert_eq!(rig.ended(&leaving(&["123456789", "--yes"])).0, 3);
}

/// `leave acme/sales sales …`: the name once too often.
#[tokio::test(flavor = "multi_thread")]
async fn the_instance_itself_is_no_group() {
    let rig = synced().await;
    let (both, words) = (["leave", "acme/sales", "sales", GROUP, "-y"], leaving(&["acme/sales"]));
    rig.refused_with(2, &both, "sales is the instance itself");
    rig.refused_with(2, &words, "is the instance itself");
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
}

/// A name that no group has may be a code: WhatsApp knows.
#[tokio::test(flavor = "multi_thread")]
async fn any_other_text_is_asked_as_it_stands() {
    let rig = synced().await;
    let (code, told) = rig.ended(&leaving(&["Gardeners", "not a code", "--yes"]));
    let statuses = [&told["results"][0]["status"], &told["results"][1]["status"]];
    assert_eq!((code, statuses), (1, [&404.into(), &400.into()]), "{told}");
}
