//! The simulator as a client meets it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod companion;
mod first_login;
mod linking;
mod linking_faults;
mod start_queries;

use client::{Client, PASSIVE};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeValue, Server};
use whatsapp_simulator::{
    CertificateFault, Fault, GroupKind, HandshakeKind, HoldHandle, LeaveReplyKind, Moment,
    NewGroup, Rank, Reaction, Simulator, StreamErrorKind, World,
};

const PHONE: &str = "5511999990000";

async fn start() -> Simulator {
    Simulator::start(World::new()).await.unwrap()
}

fn group(jid: &str) -> Node {
    let jid: Jid = jid.parse().unwrap();
    NodeBuilder::new("group").attr("id", jid).build()
}

fn linked_groups(jid: &str) -> Node {
    let jid: Jid = jid.parse().unwrap();
    NodeBuilder::new("linked_groups").attr("parent_group_jid", jid).build()
}

fn attr(node: &Node, key: &str) -> Option<String> {
    node.attrs.get(key).map(ToString::to_string)
}

fn number(node: &Node, key: &str) -> Option<u16> {
    attr(node, key).map(|value| value.parse().unwrap())
}

/// The `error` of each target in a leave's reply.
fn errors(reply: &Node) -> Vec<Option<u16>> {
    assert_eq!(attr(reply, "type").as_deref(), Some("result"));
    let leave = reply.get_optional_child("leave").unwrap();
    leave.children().unwrap().iter().map(|target| number(target, "error")).collect()
}

fn error_code(reply: &Node) -> Option<u16> {
    number(reply.get_optional_child("error")?, "code")
}

fn ours(subject: &str) -> NewGroup {
    NewGroup::new(subject).member(PHONE, Rank::Member)
}

#[tokio::test]
async fn leaves_a_group_once() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(ours("Friends"));
    let mut client = Client::logged_in(&simulator, &device).await;

    let reply = client.leave([group(&jid)]).await.unwrap();
    assert_eq!(errors(&reply), [None]);
    let target = &reply.get_optional_child("leave").unwrap().children().unwrap()[0];
    assert_eq!(target.tag, "group");
    assert_eq!(target.attrs.get("id"), Some(&NodeValue::Jid(jid.parse().unwrap())));
    assert!(!simulator.is_member(&jid, PHONE));

    let record = simulator.record();
    assert_eq!(record.round_trips(&device.jid), 4);
    assert_eq!(record.iqs(&device.jid), ["leave"]);
    assert_eq!(record.login_attempts[0].version, "2.3000.7");
    assert!(record.login_attempts[0].passive);

    let reply = client.leave([group(&jid)]).await.unwrap();
    assert_eq!(errors(&reply), [Some(404)]);
}

#[tokio::test]
async fn leaves_a_community_with_its_groups() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let parent = simulator.create_group(ours("Town").kind(GroupKind::Community));
    let linked = GroupKind::Subgroup { parent: parent.clone() };
    let news = GroupKind::Announcement { parent: parent.clone() };
    let subgroup = simulator.create_group(ours("Street").kind(linked));
    let announcements = simulator.create_group(ours("News").kind(news));
    let other = simulator.create_group(ours("Other"));
    let mut client = Client::logged_in(&simulator, &device).await;

    let reply =
        client.leave([group(&parent), group(&announcements), group("1-2@g.us")]).await.unwrap();
    assert_eq!(errors(&reply), [Some(400), Some(405), Some(404)]);
    let reply = client.leave([linked_groups(&other)]).await.unwrap();
    assert_eq!(errors(&reply), [Some(400)]);
    simulator.set_rank(&parent, PHONE, Rank::Superadmin);
    let reply = client.leave([linked_groups(&parent)]).await.unwrap();
    assert_eq!(errors(&reply), [Some(406)]);
    assert!(simulator.is_member(&subgroup, PHONE));

    simulator.set_rank(&parent, PHONE, Rank::Admin);
    let reply = client.leave([linked_groups(&parent)]).await.unwrap();
    assert_eq!(errors(&reply), [None]);
    for left in [&parent, &subgroup, &announcements] {
        assert!(!simulator.is_member(left, PHONE));
    }
    assert!(simulator.is_member(&other, PHONE));

    let mixed = client.leave([group(&other), linked_groups(&parent)]).await;
    assert_eq!(error_code(&mixed.unwrap()), Some(400));
}

#[tokio::test]
async fn answers_metadata_and_invites() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(
        ours("Pals").lid_addressed().member("5511888880000", Rank::Superadmin).invite("Bcd123xyz"),
    );
    let foreign = simulator.create_group(NewGroup::new("Foreign"));
    let mut client = Client::logged_in(&simulator, &device).await;

    let reply = client.metadata(&jid).await;
    let shown = reply.get_optional_child("group").unwrap();
    assert_eq!(attr(shown, "id").unwrap() + "@g.us", jid);
    let lid: Jid = device.lid.parse().unwrap();
    let us = shown
        .get_children_by_tag("participant")
        .find(|participant| attr(participant, "jid") == Some(lid.to_non_ad_string()))
        .unwrap();
    assert_eq!(attr(us, "phone_number"), Some(format!("{PHONE}@s.whatsapp.net")));
    assert_eq!(attr(us, "type"), None);
    assert_eq!(error_code(&client.metadata(&foreign).await), Some(403));
    assert_eq!(error_code(&client.metadata("9@g.us").await), Some(404));

    let reply = client.invite("Bcd123xyz").await;
    let shown = reply.get_optional_child("group").unwrap();
    assert_eq!(attr(shown, "subject").as_deref(), Some("Pals"));
    assert_eq!(error_code(&client.invite("nosuch").await), Some(406));
    simulator.revoke_invite("Bcd123xyz");
    assert_eq!(error_code(&client.invite("Bcd123xyz").await), Some(410));

    let listing = NodeBuilder::new("participating").build();
    let to = Jid::new("", Server::Group);
    let reply = client.request("get", "w:g2", to, listing).await.unwrap();
    let groups = reply.get_optional_child("groups").unwrap();
    assert_eq!(groups.children().unwrap().len(), 1);

    let count = NodeBuilder::new("count").build();
    let to = Jid::new("", Server::Pn);
    let reply = client.request("get", "encrypt", to, count).await.unwrap();
    let count = reply.get_optional_child("count").unwrap();
    assert_eq!(attr(count, "value").as_deref(), Some("812"));
}

#[tokio::test]
async fn knows_a_returning_client_by_ik_and_falls_back_after_rotation() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(ours("Friends"));
    let key = simulator.server_key();

    let (mut client, fell_back) = Client::ik(&simulator, &device, key).await;
    assert!(!fell_back);
    assert_eq!(client.receive().await.unwrap().tag, "success");
    assert_eq!(errors(&client.leave([group(&jid)]).await.unwrap()), [None]);
    assert_eq!(simulator.record().round_trips(&device.jid), 3);
    drop(client);

    simulator.rotate_server_key();
    let (mut client, fell_back) = Client::ik(&simulator, &device, key).await;
    assert!(fell_back);
    assert_eq!(client.receive().await.unwrap().tag, "success");
    let kinds: Vec<_> =
        simulator.record().login_attempts.iter().map(|login| login.handshake).collect();
    assert_eq!(kinds, [HandshakeKind::Ik, HandshakeKind::XxFallback]);
    assert!(simulator.record().overlaps.is_empty());
    assert_eq!(simulator.record().max_open_sockets(&device.jid), 1);
}

#[tokio::test]
async fn a_second_login_replaces_the_first() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let mut first = Client::logged_in(&simulator, &device).await;
    let _second = Client::logged_in(&simulator, &device).await;

    let error = first.receive().await.unwrap();
    assert_eq!(error.tag, "stream:error");
    let conflict = error.get_optional_child("conflict").unwrap();
    assert_eq!(attr(conflict, "type").as_deref(), Some("replaced"));
    assert!(first.receive().await.is_none());

    let record = simulator.record();
    assert_eq!(record.open_sockets(&device.jid), 1);
    assert_eq!(record.max_open_sockets(&device.jid), 2);
    assert_eq!(record.overlaps.len(), 1);
    assert!(record.overlaps[0].ended_by_replaced);
}

#[tokio::test]
async fn refuses_a_wrong_key_and_an_unlinked_device() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let mut stranger = simulator.link_device("5511777770000");
    stranger.jid.clone_from(&device.jid);
    let mut client = Client::xx(&simulator, &stranger, PASSIVE).await.unwrap();
    let failure = client.receive().await.unwrap();
    assert_eq!(attr(&failure, "reason").as_deref(), Some("401"));
    assert!(client.receive().await.is_none());

    let mut client = Client::logged_in(&simulator, &device).await;
    simulator.unlink_device(&device.jid);
    let error = client.receive().await.unwrap();
    let conflict = error.get_optional_child("conflict").unwrap();
    assert_eq!(attr(conflict, "type").as_deref(), Some("device_removed"));
    let mut client = Client::xx(&simulator, &device, PASSIVE).await.unwrap();
    assert_eq!(client.receive().await.unwrap().tag, "failure");
    assert_eq!(simulator.record().logins(&device.jid), 1);
}

#[tokio::test]
async fn withholds_the_queue_from_passive_logins() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    simulator.queue_offline(&device.jid, 3);

    let mut client = Client::logged_in(&simulator, &device).await;
    let jid = simulator.create_group(ours("Friends"));
    client.leave([group(&jid)]).await.unwrap();
    let sent = simulator.record().stanzas;
    assert!(sent.iter().all(|stanza| stanza.tag() != "message"));
    assert_eq!(simulator.record().acks(), 0);

    let active = NodeBuilder::new("active").build();
    client.request("set", "passive", Jid::new("", Server::Pn), active).await.unwrap();
    let mut tags = Vec::new();
    for _ in 0..5 {
        let stanza = client.receive().await.unwrap();
        if stanza.tag == "message" {
            let ack = NodeBuilder::new("ack")
                .attr("class", "message")
                .attr("id", stanza.attrs.get("id").unwrap().clone())
                .build();
            client.send(&ack).await;
        }
        let child = &stanza.children().unwrap()[0];
        tags.push(format!("{} {}", stanza.tag, child.tag));
    }
    assert_eq!(tags[0], "ib offline_preview");
    assert_eq!(tags[1..4], ["message enc"; 3]);
    assert_eq!(tags[4], "ib offline");
    client.metadata("9@g.us").await;
    assert_eq!(simulator.offline_queued(&device.jid), 0);
    assert_eq!(simulator.record().acks(), 3);
}

#[tokio::test]
async fn spoils_its_certificates_on_demand() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let cases = [
        (CertificateFault::RootSignature, "signature"),
        (CertificateFault::LeafSignature, "signature"),
        (CertificateFault::IntermediateIssuerSerial, "issuer serial"),
        (CertificateFault::LeafIssuerSerial, "issuer serial"),
        (CertificateFault::LeafKey, "leaf key"),
        (CertificateFault::Expired, "validity"),
        (CertificateFault::NotYetValid, "validity"),
        (CertificateFault::MissingIntermediate, "no intermediate"),
    ];
    for (fault, expected) in cases {
        let reaction = Reaction::Certificate(fault);
        simulator.script(Fault::new(Moment::ClientHello, reaction));
        let refused = Client::xx(&simulator, &device, PASSIVE).await.err();
        assert_eq!(refused, Some(expected), "{fault:?}");
    }
    assert!(simulator.unused_faults().is_empty());
    Client::logged_in(&simulator, &device).await;
}

#[tokio::test]
async fn misbehaves_on_demand() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(ours("Friends"));
    let at_leave =
        |reaction| simulator.script(Fault::new(Moment::Leave, reaction).for_device(&device.jid));
    at_leave(Reaction::TargetError { code: 500 });
    at_leave(Reaction::IqError { code: 429, text: "rate-overlimit".into(), backoff: Some(60) });
    at_leave(Reaction::LeaveReply { kind: LeaveReplyKind::Empty, applied: false });
    at_leave(Reaction::Noise);
    let mut client = Client::logged_in(&simulator, &device).await;
    let reply = client.leave([group(&jid)]).await.unwrap();
    assert_eq!(errors(&reply), [Some(500)]);
    let reply = client.leave([group(&jid)]).await.unwrap();
    assert_eq!(error_code(&reply), Some(429));
    let reply = client.leave([group(&jid)]).await.unwrap();
    assert!(reply.get_optional_child("leave").unwrap().children().is_none_or(<[_]>::is_empty));
    assert!(simulator.is_member(&jid, PHONE));
    assert_eq!(errors(&client.leave([group(&jid)]).await.unwrap()), [None]);

    simulator.add_member(&jid, PHONE);
    at_leave(Reaction::DropAfterApply);
    assert!(client.leave([group(&jid)]).await.is_none());
    assert!(!simulator.is_member(&jid, PHONE));
    assert_eq!(simulator.record().open_sockets(&device.jid), 0);

    let failure = Reaction::Failure { reason: 402, expire: Some(90) };
    simulator.script(Fault::new(Moment::Login, failure));
    let mut client = Client::xx(&simulator, &device, PASSIVE).await.unwrap();
    let failure = client.receive().await.unwrap();
    assert_eq!(attr(&failure, "expire").as_deref(), Some("90"));
    let restart = Reaction::StreamError(StreamErrorKind::Code(515));
    simulator.script(Fault::new(Moment::Login, restart));
    let mut client = Client::xx(&simulator, &device, PASSIVE).await.unwrap();
    let error = client.receive().await.unwrap();
    assert_eq!(attr(&error, "code").as_deref(), Some("515"));
    assert!(client.receive().await.is_none());
}

#[tokio::test]
async fn carries_out_a_held_leave_after_its_client_is_gone() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(ours("Friends"));
    let hold = HoldHandle::new();
    simulator.script(Fault::new(Moment::Leave, Reaction::Hold(hold.clone())));
    let mut client = Client::logged_in(&simulator, &device).await;
    let leave = NodeBuilder::new("leave").children([group(&jid)]).build();
    client.ask("set", "w:g2", Jid::new("", Server::Group), leave).await;
    hold.reached().await;
    drop(client);
    let _next = Client::logged_in(&simulator, &device).await;
    assert!(simulator.record().overlaps.is_empty());
    assert!(simulator.is_member(&jid, PHONE));

    let mut changes = simulator.changes();
    hold.release();
    changes.changed().await.unwrap();
    assert!(!simulator.is_member(&jid, PHONE));
}

#[tokio::test]
async fn a_world_survives_a_restart() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let jid = simulator.create_group(ours("Friends"));
    let code = simulator.invite(&jid);
    let root = simulator.root_key();
    let _open = Client::logged_in(&simulator, &device).await;
    simulator.shutdown().await;
    let json = serde_json::to_string(&simulator.snapshot()).unwrap();

    let world: World = serde_json::from_str(&json).unwrap();
    let printed = format!("{world:?} {device:?}");
    assert!(!printed.contains("private"));
    let simulator = Simulator::start(world).await.unwrap();
    assert_eq!(simulator.root_key(), root);
    let mut client = Client::logged_in(&simulator, &device).await;
    let reply = client.invite(&code).await;
    assert!(reply.get_optional_child("group").is_some());
    assert_eq!(errors(&client.leave([group(&jid)]).await.unwrap()), [None]);
}
