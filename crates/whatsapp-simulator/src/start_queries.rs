//! What usual clients ask right after a login, and have to be answered so that they go on.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::stanza::{jid, plain_error, result, text};
use crate::world::World;

/// The answer to an IQ that is about neither groups nor keys: what there is, an empty result for
/// what only sets something, and 501 for a query that nobody here can answer.
pub(crate) fn answer(world: &World, iq: &Node) -> Node {
    let child = iq.children().and_then(<[Node]>::first);
    let xmlns = text(iq, "xmlns").unwrap_or_default();
    let asks = text(iq, "type").as_deref() == Some("get");
    match (xmlns.as_str(), child) {
        ("abt" | "w", Some(child)) if child.tag == "props" => result(iq, [props(child)]),
        ("blocklist", _) if asks => {
            result(iq, [NodeBuilder::new("list").attr("dhash", "0").build()])
        }
        ("privacy", _) if asks => result(iq, [privacy()]),
        ("usync", Some(usync)) => result(iq, [answer_usync(world, usync)]),
        ("w:sync:app:state", Some(sync)) => result(iq, [nothing_new(sync)]),
        ("w:profile:picture", _) if asks => plain_error(iq, 404),
        // Keep-alives of clients, with and without a child.
        ("w:p" | "urn:xmpp:ping", _) => result(iq, []),
        _ if asks => plain_error(iq, 501),
        _ => result(iq, []),
    }
}

fn props(asked: &Node) -> Node {
    NodeBuilder::new("props")
        .attr("protocol", text(asked, "protocol").unwrap_or_else(|| "1".to_owned()))
        .attr("ab_key", "simulated")
        .attr("hash", "simulated")
        .attr("refresh", 86_400_u32)
        .attr("refresh_id", 1_u8)
        .build()
}

/// Everybody may see everything.
fn privacy() -> Node {
    const SETTINGS: [(&str, &str); 9] = [
        ("last", "all"),
        ("online", "all"),
        ("profile", "all"),
        ("status", "all"),
        ("groupadd", "all"),
        ("calladd", "all"),
        ("messages", "all"),
        ("readreceipts", "all"),
        ("defense", "off"),
    ];
    let categories = SETTINGS.map(|(name, value)| {
        NodeBuilder::new("category").attr("name", name).attr("value", value).build()
    });
    NodeBuilder::new("privacy").children(categories).build()
}

/// The collections as they were asked for, with nothing in them.
fn nothing_new(sync: &Node) -> Node {
    let collections = sync.get_children_by_tag("collection").map(|asked| {
        let version = text(asked, "version").unwrap_or_else(|| "0".to_owned());
        NodeBuilder::new("collection")
            .attr("name", text(asked, "name").unwrap_or_default())
            .attr("version", version)
            .attr("type", "result")
            .attr("has_more_patches", "false")
            .build()
    });
    let collections: Vec<Node> = collections.collect();
    NodeBuilder::new("sync").children(collections).build()
}

/// Devices, LIDs and registration of the users that were asked for.
fn answer_usync(world: &World, usync: &Node) -> Node {
    let asks = |protocol| {
        usync.get_optional_child("query").is_some_and(|q| q.get_optional_child(protocol).is_some())
    };
    let users: Vec<Node> = usync
        .get_optional_child("list")
        .and_then(Node::children)
        .unwrap_or_default()
        .iter()
        .filter_map(|user| {
            let phone = usync_phone(world, user)?;
            let account = world.accounts.get(&phone);
            let mut children = Vec::new();
            if asks("contact") {
                let known = if account.is_some() { "in" } else { "out" };
                children.push(NodeBuilder::new("contact").attr("type", known).build());
            }
            if let Some(account) = account {
                if asks("lid") {
                    let lid = jid(&format!("{}@lid", account.lid));
                    children.push(NodeBuilder::new("lid").attr("val", lid).build());
                }
                if asks("devices") {
                    children.push(devices(world, &phone));
                }
            }
            let asked = text(user, "jid").unwrap_or_else(|| format!("{phone}@s.whatsapp.net"));
            Some(NodeBuilder::new("user").attr("jid", jid(&asked)).children(children).build())
        })
        .collect();
    NodeBuilder::new("usync")
        .attr("sid", text(usync, "sid").unwrap_or_default())
        .attr("mode", text(usync, "mode").unwrap_or_default())
        .attr("context", text(usync, "context").unwrap_or_default())
        .attr("index", 0_u8)
        .attr("last", "true")
        .children([
            NodeBuilder::new("result").build(),
            NodeBuilder::new("list").children(users).build(),
        ])
        .build()
}

/// Whom a `<user>` means: by JID, by LID or by a number in `<contact>`.
fn usync_phone(world: &World, user: &Node) -> Option<String> {
    if let Some(asked) = text(user, "jid") {
        let (name, server) = asked.split_once('@')?;
        let name = name.split([':', '.']).next()?;
        return match server {
            "lid" => {
                let mut accounts = world.accounts.iter();
                accounts.find(|(_, account)| account.lid == name).map(|(phone, _)| phone.clone())
            }
            _ => Some(name.to_owned()),
        };
    }
    let contact = user.get_optional_child("contact")?;
    let number = String::from_utf8(crate::stanza::bytes(contact)?.to_vec()).ok()?;
    Some(number.trim_start_matches('+').to_owned())
}

fn devices(world: &World, phone: &str) -> Node {
    let companions = world.companions(phone).into_iter().filter_map(|jid| {
        let number = jid.split_once(':')?.1.split_once('@')?.0.to_owned();
        Some(NodeBuilder::new("device").attr("id", number).attr("key-index", 1_u8).build())
    });
    let primary = NodeBuilder::new("device").attr("id", 0_u8).build();
    let list: Vec<Node> = std::iter::once(primary).chain(companions).collect();
    NodeBuilder::new("devices")
        .children([NodeBuilder::new("device-list").children(list).build()])
        .build()
}
