//! What usual clients ask right after a login.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};
use whatsapp_simulator::GroupKind;

use crate::client::Client;
use crate::companion::bytes;
use crate::{PHONE, attr, error_code, ours, start};

fn node(tag: &'static str) -> Node {
    NodeBuilder::new(tag).build()
}

/// The attribute of every child.
fn each(node: &Node, key: &str) -> Vec<Option<String>> {
    node.children().unwrap_or_default().iter().map(|child| attr(child, key)).collect()
}

#[tokio::test]
async fn lists_groups_and_subgroups() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let town = simulator.create_group(ours("Town").kind(GroupKind::Community));
    let linked = GroupKind::Subgroup { parent: town.clone() };
    simulator.create_group(ours("Street").kind(linked).description("Ours").lid_addressed());
    simulator.create_group(whatsapp_simulator::NewGroup::new("Not ours"));
    let mut client = Client::logged_in(&simulator, &device).await;
    let all = || Jid::new("", Server::Group);

    let bare = node("participating");
    let reply = client.request("get", "w:g2", all(), bare).await.unwrap();
    let groups = reply.get_optional_child("groups").unwrap().children().unwrap();
    assert_eq!(groups.len(), 2);
    assert!(groups.iter().all(|group| group.get_optional_child("participant").is_none()));
    assert!(groups.iter().all(|group| group.get_optional_child("description").is_none()));

    let full = NodeBuilder::new("participating")
        .children([node("participants"), node("description")])
        .build();
    let reply = client.request("get", "w:g2", all(), full).await.unwrap();
    let groups = reply.get_optional_child("groups").unwrap().children().unwrap();
    let street = groups.iter().find(|group| attr(group, "subject").unwrap() == "Street").unwrap();
    let body = street.get_optional_child("description").unwrap().get_optional_child("body");
    assert_eq!(bytes(body.unwrap()), b"Ours");
    assert_eq!(attr(street, "addressing_mode").as_deref(), Some("lid"));
    assert_eq!(attr(street, "size").as_deref(), Some("1"));
    let parent = street.get_optional_child("linked_parent").unwrap();
    assert_eq!(attr(parent, "jid"), Some(town.clone()));
    let member = street.get_optional_child("participant").unwrap();
    assert_eq!(attr(member, "phone_number").unwrap(), format!("{PHONE}@s.whatsapp.net"));
    let community = groups.iter().find(|group| attr(group, "subject").unwrap() == "Town").unwrap();
    assert!(community.get_optional_child("parent").is_some());

    let town: Jid = town.parse().unwrap();
    let reply = client.request("get", "w:g2", town, node("sub_groups")).await.unwrap();
    let subgroups = reply.get_optional_child("sub_groups").unwrap();
    assert_eq!(each(subgroups, "subject"), [Some("Street".to_owned())]);
}

#[tokio::test]
async fn keeps_usual_clients_going() {
    let simulator = start().await;
    let device = simulator.link_device(PHONE);
    let mut client = Client::logged_in(&simulator, &device).await;
    let server = || Jid::new("", Server::Pn);

    let props = NodeBuilder::new("props").attr("protocol", "1").build();
    let reply = client.request("get", "abt", server(), props).await.unwrap();
    assert!(reply.get_optional_child("props").is_some());
    let reply = client.request("get", "privacy", server(), node("privacy")).await.unwrap();
    let privacy = reply.get_optional_child("privacy").unwrap();
    assert!(each(privacy, "name").contains(&Some("last".to_owned())));
    let reply = client.request("get", "blocklist", server(), node("list")).await.unwrap();
    assert!(reply.get_optional_child("list").is_some());
    let collection = NodeBuilder::new("collection").attr("name", "regular").attr("version", "3");
    let sync = NodeBuilder::new("sync").children([collection.build()]).build();
    let reply = client.request("set", "w:sync:app:state", server(), sync).await.unwrap();
    let sync = reply.get_optional_child("sync").unwrap();
    assert_eq!(each(sync, "version"), [Some("3".to_owned())]);

    let user = NodeBuilder::new("user").attr("jid", format!("{PHONE}@s.whatsapp.net")).build();
    let query = NodeBuilder::new("query").children([node("devices"), node("lid")]).build();
    let list = NodeBuilder::new("list").children([user]).build();
    let usync = NodeBuilder::new("usync").attr("sid", "1").children([query, list]).build();
    let reply = client.request("get", "usync", server(), usync).await.unwrap();
    let list = reply.get_optional_child("usync").unwrap().get_optional_child("list").unwrap();
    let user = &list.children().unwrap()[0];
    let devices = user.get_optional_child("devices").unwrap();
    let devices = devices.get_optional_child("device-list").unwrap();
    assert_eq!(each(devices, "id"), [Some("0".to_owned()), Some("1".to_owned())]);
    let lid = attr(user.get_optional_child("lid").unwrap(), "val").unwrap();
    assert!(device.lid.starts_with(lid.trim_end_matches("@lid")));

    let reply = client.request("get", "w:m", server(), node("media_conn")).await.unwrap();
    assert_eq!(error_code(&reply), Some(501));
    let clean = node("clean");
    let reply = client.request("set", "urn:xmpp:whatsapp:dirty", server(), clean).await.unwrap();
    assert_eq!(attr(&reply, "type").as_deref(), Some("result"));
}
