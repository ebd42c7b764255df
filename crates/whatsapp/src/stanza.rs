//! Reading and building stanzas. Only the fields that are needed are read:
//! a reply must not fail as a whole over a field that nobody asked for.

use bytes::{Buf, Bytes, BytesMut};
use domain::group::GroupJid;
use wacore::request::{InfoQuery, InfoQueryType, RequestUtils};
use wacore_binary::zlib_pool::decompress_zlib_pooled;
use wacore_binary::{Jid, Node, NodeContent, NodeRef, OwnedNodeRef};

use super::failure::{Failure, LoginFailure, StreamError};
use super::measure;
use super::pause::Pause;
use super::refusal::Refusal;

/// One question, built and not yet sent.
pub(crate) struct Iq {
    node: Node,
    id: String,
}

/// Namespace of every group question.
const GROUPS: &str = "w:g2";

impl Iq {
    /// A question about groups in general, to `g.us`.
    pub(crate) fn to_groups(kind: InfoQueryType, child: Node) -> Self {
        Self::new(kind, Jid::group(""), child)
    }

    /// A question to one group.
    pub(crate) fn to_group(kind: InfoQueryType, jid: &GroupJid, child: Node) -> Self {
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

/// Largest stanza once unpacked, in bytes; that of some thousand groups fits.
const LARGEST_UNPACKED: u64 = 4 * 1024 * 1024;
/// Bit of a frame's first byte: the rest is a zlib stream.
const PACKED: u8 = 2;

/// A stanza out of a decrypted frame; `None` when nobody could read it, or when
/// it would take more memory than a stanza may.
pub(super) fn read(mut frame: BytesMut) -> Option<OwnedNodeRef> {
    let first = *frame.first()?;
    frame.advance(1);
    let bytes = if first & PACKED == 0 {
        frame.freeze()
    } else {
        Bytes::from(decompress_zlib_pooled(&frame, LARGEST_UNPACKED).ok()?)
    };
    if !measure::fits(&bytes) {
        return None;
    }
    OwnedNodeRef::new(bytes).ok()
}

/// What a stanza that ends the connection says, if it is one: `<failure>`, which
/// comes in place of `<success>` and may come later, and the stream's own end.
pub(super) fn end(node: &OwnedNodeRef) -> Option<Failure> {
    match node.tag() {
        "failure" => Some(LoginFailure::read(|name| text(node, name)).into()),
        "xmlstreamend" => Some(StreamError::End.into()),
        "stream:error" => Some(stream_error(node).into()),
        _ => None,
    }
}

fn stream_error(node: &OwnedNodeRef) -> StreamError {
    let conflict =
        node.get_optional_child("conflict").and_then(|conflict| attribute(conflict, "type"));
    // With the code, and in other clients' tests without it.
    let is_overlimit = node
        .get_optional_child("text")
        .is_some_and(|text| attribute(text, "text").as_deref() == Some("rate-overlimit"));
    let code = number(node, "code").or(is_overlimit.then_some(429));
    let backoff = Pause::read(text(node, "backoff").as_deref());
    StreamError::new(conflict.as_deref(), code, backoff)
}

/// The reply, unless it is `<iq type="error">` or of no type that is known.
pub(super) fn accepted(node: OwnedNodeRef) -> Result<OwnedNodeRef, Failure> {
    match text(&node, "type").as_deref() {
        Some("result") => Ok(node),
        Some("error") => Err(refused(&node)),
        _ => Err(Failure::Protocol("IQ reply")),
    }
}

/// `<error code [backoff]>`; 0 when it has no code that is a number.
fn refused(node: &OwnedNodeRef) -> Failure {
    let error = node.get_optional_child("error");
    let of_error = |name: &str| error.and_then(|error| attribute(error, name));
    let code = of_error("code").and_then(|code| code.parse().ok()).unwrap_or_default();
    Failure::Iq(Refusal::new(code, Pause::read(of_error("backoff").as_deref())))
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
