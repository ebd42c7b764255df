//! The stanzas that the server sends, and how it reads the client's.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent, NodeValue, Server};

use crate::clock::unix_now;
use crate::reaction::StreamErrorKind;

/// An attribute as text, whichever way the client encoded it.
pub(crate) fn text(node: &Node, key: &str) -> Option<String> {
    node.attrs.get(key).map(|value| value.as_str().into_owned())
}

/// The content of a node as bytes; clients send short ones as strings.
pub(crate) fn bytes(node: &Node) -> Option<&[u8]> {
    match node.content.as_ref()? {
        NodeContent::Bytes(bytes) => Some(bytes),
        NodeContent::String(text) => Some(text.as_bytes()),
        NodeContent::Nodes(_) => None,
    }
}

/// A JID as the real server writes it: as a JID value rather than a string.
pub(crate) fn jid(text: &str) -> NodeValue {
    text.parse::<Jid>().map_or_else(|_| text.into(), NodeValue::from)
}

/// The JID of the service itself, `s.whatsapp.net`.
pub(crate) fn server() -> Jid {
    Jid::new("", Server::Pn)
}

/// What to answer an IQ with, its sender being whoever the IQ was for.
fn reply(iq: &Node, kind: &'static str) -> NodeBuilder {
    let from = iq.attrs.get("to").cloned().unwrap_or_else(|| server().into());
    NodeBuilder::new("iq")
        .attr("from", from)
        .attr("id", text(iq, "id").unwrap_or_default())
        .attr("type", kind)
}

pub(crate) fn result(iq: &Node, content: impl IntoIterator<Item = Node>) -> Node {
    let content: Vec<Node> = content.into_iter().collect();
    let reply = reply(iq, "result");
    if content.is_empty() { reply.build() } else { reply.children(content).build() }
}

pub(crate) fn iq_error(iq: &Node, code: u16, text: &str, backoff: Option<u32>) -> Node {
    let mut error = NodeBuilder::new("error").attr("code", code).attr("text", text);
    if let Some(backoff) = backoff {
        error = error.attr("backoff", backoff);
    }
    reply(iq, "error").children([error.build()]).build()
}

/// The same, with whatever attributes.
pub(crate) fn iq_error_with(iq: &Node, attributes: Vec<(&'static str, String)>) -> Node {
    let error = NodeBuilder::new("error").attrs(attributes).build();
    reply(iq, "error").children([error]).build()
}

/// The text that goes with the codes that the server itself answers with.
pub(crate) fn plain_error(iq: &Node, code: u16) -> Node {
    let text = match code {
        400 => "bad-request",
        403 => "forbidden",
        404 => "item-not-found",
        406 => "not-acceptable",
        410 => "gone",
        501 => "feature-not-implemented",
        _ => "internal-server-error",
    };
    iq_error(iq, code, text, None)
}

pub(crate) fn success(lid: Option<&str>) -> Node {
    let success = NodeBuilder::new("success")
        .attr("t", unix_now())
        .attr("props", "27")
        .attr("location", "sim");
    match lid {
        Some(lid) => success.attr("lid", jid(lid)),
        None => success,
    }
    .build()
}

/// What a client is to put before its next connection header; these bytes lead nowhere else.
pub(crate) fn edge_routing() -> Node {
    let info = NodeBuilder::new("routing_info").bytes(b"\x08\x08\x08\x02".to_vec()).build();
    let routing = NodeBuilder::new("edge_routing").children([info]).build();
    NodeBuilder::new("ib").attr("from", server()).children([routing]).build()
}

pub(crate) fn failure(reason: u16, expire: Option<u64>) -> Node {
    let mut failure = NodeBuilder::new("failure").attr("reason", reason).attr("location", "sim");
    if let Some(expire) = expire {
        failure = failure.attr("expire", expire);
    }
    failure.build()
}

pub(crate) fn stream_error(kind: StreamErrorKind) -> Node {
    let conflict = |kind: &str| {
        NodeBuilder::new("stream:error")
            .children([NodeBuilder::new("conflict").attr("type", kind).build()])
            .build()
    };
    match kind {
        StreamErrorKind::Replaced => conflict("replaced"),
        StreamErrorKind::DeviceRemoved => conflict("device_removed"),
        StreamErrorKind::Code(code) => NodeBuilder::new("stream:error").attr("code", code).build(),
        StreamErrorKind::XmlStreamEnd => NodeBuilder::new("xmlstreamend").build(),
    }
}

/// Stanzas that have nothing to do with what the client waits for.
pub(crate) fn unrelated() -> [Node; 4] {
    let dirty = NodeBuilder::new("dirty")
        .attr("type", "account_sync")
        .attr("timestamp", unix_now())
        .build();
    let error = NodeBuilder::new("error")
        .attr("code", 500_u16)
        .attr("text", "internal-server-error")
        .build();
    [
        NodeBuilder::new("ib").attr("from", server()).children([dirty]).build(),
        NodeBuilder::new("notification")
            .attr("from", server())
            .attr("type", "account_sync")
            .attr("id", "unrelated-notification")
            .attr("t", unix_now())
            .build(),
        NodeBuilder::new("iq")
            .attr("from", server())
            .attr("type", "get")
            .attr("xmlns", "urn:xmpp:ping")
            .attr("id", "unrelated-ping")
            .build(),
        NodeBuilder::new("iq")
            .attr("from", server())
            .attr("type", "error")
            .attr("id", "unrelated-error")
            .children([error])
            .build(),
    ]
}
