//! What waits for a new device: the phone's key share and its history, and whatever else came
//! meanwhile. All of it is acknowledged, and the phone gets the receipts without which it would
//! send its history again and again.

use std::time::Duration;

use tokio::time::Instant;
use wacore::libsignal::protocol::ProtocolAddress;
use wacore::messages::{decode_plaintext, unwrap_device_sent};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::node::ValueRef;
use wacore_binary::{Jid, Node, NodeRef, OwnedNodeRef};
use whatsapp::Failure;

use crate::conversation::{Conversation, ack, text};
use crate::signal::{Sealing, Signal};
use crate::timing::Timing;

/// Receives until nothing comes any more, at most until `end`.
pub(crate) async fn drain(
    conversation: &mut Conversation<'_>,
    signal: &mut Signal<'_>,
    timing: &Timing,
    end: Instant,
) -> Result<(), Failure> {
    let mut silence: Duration = timing.quiet;
    loop {
        let until = end.min(Instant::now() + silence);
        let Some(stanza) = conversation.next(until).await? else { return Ok(()) };
        match stanza.tag() {
            "message" => receive(conversation, signal, &stanza).await?,
            "ib" if stanza.get_optional_child("offline").is_some() => silence = timing.linger,
            _ => {}
        }
        if Instant::now() >= end {
            return Ok(());
        }
    }
}

/// Acknowledges a message; one of the phone's own also gets its receipts.
async fn receive(
    conversation: &mut Conversation<'_>,
    signal: &mut Signal<'_>,
    message: &OwnedNodeRef,
) -> Result<(), Failure> {
    let from_our_phone = text(message, "category").as_deref() == Some("peer");
    if from_our_phone && let Some(content) = open(signal, message).await {
        conversation.send(&receipt(message, "peer_msg")).await?;
        if content == Content::History {
            conversation.send(&receipt(message, "hist_sync")).await?;
        }
    }
    conversation.send(&ack(message)).await
}

#[derive(PartialEq)]
enum Content {
    History,
    Other,
}

/// None when it cannot be decrypted: then it is only acknowledged, and the phone may send it again
/// to a device that is still being linked.
async fn open(signal: &mut Signal<'_>, message: &OwnedNodeRef) -> Option<Content> {
    let sender = address(&message.get_attr("from")?.to_jid()?);
    let mut content = None;
    for sealed in message.get_children_by_tag("enc") {
        let sealing = match attribute(sealed, "type").as_deref() {
            Some("pkmsg") => Sealing::FirstMessage,
            Some("msg") => Sealing::LaterMessage,
            _ => continue,
        };
        let version = attribute(sealed, "v").and_then(|v| v.parse().ok()).unwrap_or(PADDED);
        let padded = signal.decrypt(&sender, sealing, sealed.content_bytes()?).await.ok()?;
        let message = unwrap_device_sent(decode_plaintext(&padded, version).ok()?);
        let history = message
            .protocol_message
            .as_option()
            .is_some_and(|protocol| protocol.history_sync_notification.is_set());
        content = Some(if history { Content::History } else { Content::Other });
    }
    content
}

/// The version of `<enc>` whose plaintext is padded; 3 is not.
const PADDED: u8 = 2;

fn address(sender: &Jid) -> ProtocolAddress {
    ProtocolAddress::new(&sender.to_non_ad_string(), u32::from(sender.device).into())
}

/// `<receipt id to type>`, to the chat, which is our own.
fn receipt(message: &OwnedNodeRef, kind: &'static str) -> Node {
    let mut receipt = NodeBuilder::new("receipt").attr("type", kind);
    if let Some(id) = message.get_attr("id") {
        receipt = receipt.attr("id", id.to_node_value());
    }
    if let Some(from) = message.get_attr("from").and_then(ValueRef::to_jid) {
        receipt = receipt.attr("to", from.to_non_ad());
    }
    receipt.build()
}

fn attribute(node: &NodeRef<'_>, name: &str) -> Option<String> {
    node.get_attr(name).map(|value| value.as_str().into_owned())
}
