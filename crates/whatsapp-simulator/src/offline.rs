//! Messages that wait for a device, and the stanzas that deliver them.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::clock::unix_now;
use crate::stanza::{jid, server, text};
use crate::world::{Letter, World};

/// Bytes no device can decrypt: nobody reads these messages, they only wait to be acknowledged.
const SEALED: [u8; 48] = [0x33; 48];

impl World {
    pub(crate) fn queue_offline(&mut self, device: &str, messages: usize) {
        let Some(device) = self.devices.get_mut(device) else {
            return;
        };
        for _ in 0..messages {
            self.messages += 1;
            device.queue.push(format!("3EB0{:016X}", self.messages));
        }
    }

    /// Takes an acknowledged message off the queue; whether there was one.
    pub(crate) fn acknowledge(&mut self, device: &str, stanza: &Node) -> bool {
        let Some(queue) = self.devices.get_mut(device).map(|device| &mut device.queue) else {
            return false;
        };
        let before = queue.len();
        let mut acknowledged: Vec<String> = text(stanza, "id").into_iter().collect();
        if let Some(list) = stanza.get_optional_child("list") {
            acknowledged
                .extend(list.get_children_by_tag("item").filter_map(|item| text(item, "id")));
        }
        queue.retain(|id| !acknowledged.contains(id));
        let taken = queue.len() != before;
        if let Some(device) = self.devices.get_mut(device) {
            device.letters.retain(|id, _| !acknowledged.contains(id));
        }
        taken
    }

    /// Preview, messages and end marker, as an active session is sent them.
    pub(crate) fn offline_delivery(&self, device: &str) -> Vec<Node> {
        let device = self.devices.get(device);
        let queue = device.map(|device| device.queue.as_slice()).unwrap_or_default();
        let count = queue.len();
        let preview = NodeBuilder::new("offline_preview")
            .attr("count", count)
            .attr("message", count)
            .attr("notification", 0_u8)
            .attr("receipt", 0_u8)
            .attr("appdata", 0_u8)
            .attr("call", 0_u8)
            .build();
        let end = NodeBuilder::new("offline").attr("count", count).build();
        let mut delivery = vec![ib(preview)];
        delivery.extend(queue.iter().map(
            |id| match device.and_then(|device| device.letters.get(id)) {
                Some(letter) => peer_message(id, letter),
                None => message(id),
            },
        ));
        delivery.push(ib(end));
        delivery
    }
}

fn ib(child: Node) -> Node {
    NodeBuilder::new("ib").attr("from", server()).children([child]).build()
}

fn message(id: &str) -> Node {
    let sealed = NodeBuilder::new("enc").attr("v", "2").attr("type", "msg").bytes(SEALED).build();
    NodeBuilder::new("message")
        .attr("from", jid("15550009999@s.whatsapp.net"))
        .attr("id", id)
        .attr("t", unix_now())
        .attr("type", "text")
        .attr("notify", "Someone")
        .attr("offline", 0_u8)
        .children([sealed])
        .build()
}

/// From the account's phone to one of its companions.
fn peer_message(id: &str, letter: &Letter) -> Node {
    let sealed = NodeBuilder::new("enc")
        .attr("v", "2")
        .attr("type", &letter.kind)
        .bytes(letter.sealed.clone())
        .build();
    NodeBuilder::new("message")
        .attr("from", jid(&letter.from))
        .attr("id", id)
        .attr("t", unix_now())
        .attr("type", "text")
        .attr("category", "peer")
        .attr("push_priority", "high")
        .attr("offline", 0_u8)
        .children([sealed])
        .build()
}
