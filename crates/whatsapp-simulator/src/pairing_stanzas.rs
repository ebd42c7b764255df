//! What the server sends to a client that is not linked yet.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::buffa::Message;
use waproto::whatsapp::ClientPairingProps;

use crate::account_kind::AccountKind;
use crate::clock::unix_now;
use crate::link_code::CompanionHello;
use crate::reaction::PairingNotification;
use crate::stanza::{jid, result, server};

/// Refs in one `<pair-device>`.
const REFS: usize = 6;

/// Random bytes of a ref: with these the QR text makes a code of 53 modules, as real ones do.
const REF_BYTES: usize = 66;

/// Fresh refs, to be shown one after the other.
pub(crate) fn fresh_refs() -> Vec<String> {
    (0..REFS).map(|_| fresh_ref()).collect()
}

pub(crate) fn fresh_ref() -> String {
    let bytes: [u8; REF_BYTES] = rand::rng().random();
    format!("2@{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// An id that the server has not used before.
pub(crate) fn fresh_id() -> String {
    rand::rng().random_range(1_000_000_000_u64..10_000_000_000).to_string()
}

fn request(id: &str, kind: &'static str, xmlns: &'static str) -> NodeBuilder {
    NodeBuilder::new("iq")
        .attr("from", server())
        .attr("type", kind)
        .attr("id", id)
        .attr("xmlns", xmlns)
}

pub(crate) fn pair_device(id: &str, refs: &[String]) -> Node {
    let refs = refs.iter().map(|text| NodeBuilder::new("ref").bytes(text.as_bytes()).build());
    let pair_device = NodeBuilder::new("pair-device").children(refs).build();
    request(id, "set", "md").children([pair_device]).build()
}

pub(crate) fn ping(id: &str) -> Node {
    request(id, "get", "urn:xmpp:ping").attr("t", unix_now()).build()
}

/// What `<pair-success>` says beside the identity.
pub(crate) struct Success<'a> {
    pub(crate) jid: &'a str,
    pub(crate) lid: &'a str,
    pub(crate) kind: AccountKind,
    /// `<device-identity>`, unless a fault leaves it out.
    pub(crate) identity: Option<Vec<u8>>,
    /// Whether `<device>` is there.
    pub(crate) names_device: bool,
}

pub(crate) fn pair_success(id: &str, success: Success<'_>) -> Node {
    let mut children = Vec::new();
    if let Some(identity) = success.identity {
        children.push(NodeBuilder::new("device-identity").bytes(identity).build());
    }
    if success.names_device {
        let device =
            NodeBuilder::new("device").attr("jid", jid(success.jid)).attr("lid", jid(success.lid));
        children.push(device.build());
    }
    let platform = match success.kind {
        AccountKind::Personal => "android",
        AccountKind::Business | AccountKind::Hosted => "smba",
    };
    children.push(NodeBuilder::new("platform").attr("name", platform).build());
    if success.kind != AccountKind::Personal {
        children.push(NodeBuilder::new("biz").attr("name", "A simulated business").build());
    }
    let props =
        ClientPairingProps { is_chat_db_lid_migrated: Some(true), ..ClientPairingProps::default() };
    children.push(NodeBuilder::new("client-props").bytes(props.encode_to_vec()).build());
    let pair_success = NodeBuilder::new("pair-success").children(children).build();
    request(id, "set", "md").attr("t", unix_now()).children([pair_success]).build()
}

/// The answer to `companion_hello`.
pub(crate) fn hello_answer(iq: &Node, pairing_ref: &[u8]) -> Node {
    let registration = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "companion_hello")
        .children([pairing_ref_node(pairing_ref)])
        .build();
    result(iq, [registration])
}

fn pairing_ref_node(pairing_ref: &[u8]) -> Node {
    NodeBuilder::new("link_code_pairing_ref").bytes(pairing_ref.to_vec()).build()
}

fn notification(kind: &'static str, children: Vec<Node>) -> Node {
    NodeBuilder::new("notification")
        .attr("from", server())
        .attr("type", kind)
        .attr("id", fresh_id())
        .attr("t", unix_now())
        .children(children)
        .build()
}

fn link_code_notification(
    stage: &'static str,
    force_manual: Option<bool>,
    children: Vec<Node>,
) -> Node {
    let mut registration = NodeBuilder::new("link_code_companion_reg").attr("stage", stage);
    if let Some(force) = force_manual {
        registration =
            registration.attr("force_manual_refresh", if force { "true" } else { "false" });
    }
    notification("link_code_companion_reg", vec![registration.children(children).build()])
}

pub(crate) fn primary_hello(
    hello: &CompanionHello,
    wrapped_ephemeral: &[u8],
    identity: &[u8; 32],
) -> Node {
    let child = |tag, content: &[u8]| NodeBuilder::new(tag).bytes(content.to_vec()).build();
    link_code_notification(
        "primary_hello",
        None,
        vec![
            pairing_ref_node(&hello.pairing_ref),
            child("link_code_pairing_wrapped_primary_ephemeral_pub", wrapped_ephemeral),
            child("primary_identity_pub", identity),
        ],
    )
}

pub(crate) fn refresh_code(hello: &CompanionHello, force_manual: bool) -> Node {
    link_code_notification(
        "refresh_code",
        Some(force_manual),
        vec![pairing_ref_node(&hello.pairing_ref)],
    )
}

/// A notification that has to do with no code.
pub(crate) fn pairing_notification(kind: PairingNotification) -> Node {
    match kind {
        PairingNotification::CompanionRegRefresh => notification(
            "companion_reg_refresh",
            vec![NodeBuilder::new("companion_reg_refresh").build()],
        ),
        PairingNotification::PasskeyPrologueRequest => {
            // WebAuthn's request options, as JSON.
            const OPTIONS: &str = r#"{"challenge":"c2ltdWxhdGVk","rpId":"web.whatsapp.com","allowCredentials":[],"userVerification":"required","timeout":60000}"#;
            let options = NodeBuilder::new("passkey_request_options").bytes(OPTIONS.as_bytes());
            notification("passkey_prologue_request", vec![options.build()])
        }
        PairingNotification::CrscContinuation => {
            let identity = waproto::whatsapp::PrimaryEphemeralIdentity {
                public_key: Some(vec![9; 32]),
                nonce: Some(vec![7; 32]),
            };
            let identity =
                NodeBuilder::new("primary_ephemeral_identity").bytes(identity.encode_to_vec());
            notification("crsc_continuation", vec![identity.build()])
        }
    }
}
