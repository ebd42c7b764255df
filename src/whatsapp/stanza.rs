//! Reading and building stanzas. Only the fields that are needed are read:
//! a reply must not fail as a whole over a field that nobody asked for.

use std::time::Duration;

use wacore::request::{InfoQuery, InfoQueryType, IqError, RequestUtils};
use wacore_binary::{Jid, Node, NodeContent, NodeRef, OwnedNodeRef};

use super::failure::{Failure, StreamError};
use crate::group::GroupJid;

/// One question, built and not yet sent.
pub struct Iq {
    node: Node,
    id: String,
}

/// Namespace of every group question.
const GROUPS: &str = "w:g2";

impl Iq {
    /// A question about groups in general, to `g.us`.
    pub fn to_groups(kind: InfoQueryType, child: Node) -> Self {
        Self::new(kind, Jid::group(""), child)
    }

    /// A question to one group.
    pub fn to_group(kind: InfoQueryType, jid: &GroupJid, child: Node) -> Self {
        Self::new(kind, Jid::group(jid.user()), child)
    }

    fn new(kind: InfoQueryType, to: Jid, child: Node) -> Self {
        let id = format!("{:08x}.{}", fastrand::u32(..), fastrand::u16(..));
        let content = Some(NodeContent::Nodes(vec![child]));
        let query = match kind {
            InfoQueryType::Set => InfoQuery::set(GROUPS, to, content),
            InfoQueryType::Get => InfoQuery::get(GROUPS, to, content),
        };
        let node = RequestUtils::new(String::new()).build_iq_node(query, Some(id.clone()));
        Self { node, id }
    }

    pub(super) fn id(&self) -> String {
        self.id.clone()
    }

    pub(super) fn node(self) -> Node {
        self.node
    }
}

/// A stanza out of a decrypted frame.
pub(super) fn read(frame: &[u8]) -> Result<OwnedNodeRef, Failure> {
    let bytes = wacore_binary::util::unpack_bytes(frame.into())
        .map_err(|_| Failure::Protocol("packed stanza"))?;
    OwnedNodeRef::new(bytes).map_err(|_| Failure::Protocol("stanza"))
}

/// The stream error that a stanza is, if it is one.
pub(super) fn stream_error(node: &OwnedNodeRef) -> Option<StreamError> {
    match node.tag() {
        "xmlstreamend" => return Some(StreamError::End),
        "stream:error" => {}
        _ => return None,
    }
    let conflict = node.get_optional_child("conflict");
    let kind = conflict
        .and_then(|conflict| conflict.get_attr("type").map(|kind| kind.as_str().into_owned()));
    Some(match (kind.as_deref(), number(node, "code")) {
        (Some("replaced"), _) => StreamError::Replaced,
        (Some("device_removed"), _) => StreamError::DeviceRemoved,
        (_, Some(code)) => StreamError::Code(code),
        _ => StreamError::Unknown,
    })
}

/// The reply, unless it is `<iq type="error">` or of no type that is known.
pub(super) fn accepted(node: OwnedNodeRef) -> Result<OwnedNodeRef, Failure> {
    match RequestUtils::new(String::new()).parse_iq_response(node.get()) {
        Ok(()) => Ok(node),
        Err(IqError::ServerError { code, backoff, .. }) => Err(Failure::Iq {
            code,
            backoff: backoff.map(|seconds| Duration::from_secs(seconds.into())),
        }),
        Err(_) => Err(Failure::Protocol("IQ reply")),
    }
}

/// An attribute's text.
pub(super) fn text(node: &OwnedNodeRef, name: &str) -> Option<String> {
    attribute(node.get(), name)
}

/// An attribute's text.
pub(super) fn attribute(node: &NodeRef<'_>, name: &str) -> Option<String> {
    node.get_attr(name).map(|value| value.as_str().into_owned())
}

/// An attribute's number.
pub(super) fn number<N: std::str::FromStr>(node: &OwnedNodeRef, name: &str) -> Option<N> {
    text(node, name)?.parse().ok()
}
