//! The rules of membership, and groups as stanzas.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeValue};

use crate::stanza::jid;
use crate::world::{Group, GroupKind, Rank, World};

/// How much of a group is shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) members: bool,
    pub(crate) description: bool,
}

impl Shown {
    pub(crate) const ALL: Self = Self { members: true, description: true };
    pub(crate) const NO_MEMBERS: Self = Self { members: false, description: true };
    pub(crate) const NEITHER: Self = Self { members: false, description: false };
}

impl World {
    pub(crate) fn is_member(&self, group: &str, phone: &str) -> bool {
        self.groups.get(group).is_some_and(|group| group.members.contains_key(phone))
    }

    /// Leaves one group, or says why not by the code that its target carries in the reply.
    pub(crate) fn leave_group(&mut self, phone: &str, jid: &str) -> Result<(), u16> {
        let group = self.groups.get_mut(jid).ok_or(404_u16)?;
        if !group.members.contains_key(phone) {
            return Err(404);
        }
        match group.kind {
            GroupKind::Community => Err(400),
            GroupKind::Announcement { .. } => Err(405),
            GroupKind::Group | GroupKind::Subgroup { .. } => {
                group.members.remove(phone);
                Ok(())
            }
        }
    }

    /// Leaves a community with its announcement group and every subgroup.
    pub(crate) fn leave_community(&mut self, phone: &str, jid: &str) -> Result<(), u16> {
        let community = self.groups.get(jid).ok_or(404_u16)?;
        if community.kind != GroupKind::Community {
            return Err(400);
        }
        match community.members.get(phone) {
            None => return Err(404),
            Some(Rank::Superadmin) => return Err(406),
            Some(Rank::Member | Rank::Admin) => {}
        }
        for (candidate, group) in &mut self.groups {
            if candidate == jid || group.kind.parent() == Some(jid) {
                group.members.remove(phone);
            }
        }
        Ok(())
    }

    /// `<group …>` as metadata, invite lookups and listings show it.
    pub(crate) fn group_node(&self, id: &str, group: &Group, shown: Shown) -> Node {
        let mut node = NodeBuilder::new("group")
            .attr("id", id.trim_end_matches("@g.us"))
            .attr("subject", &group.subject)
            .attr("addressing_mode", if group.lid_addressed { "lid" } else { "pn" })
            .attr("creation", group.created)
            .attr("s_t", group.created)
            .attr("size", group.members.len())
            .attr("p_v_id", group.created);
        if let Some(creator) = &group.creator {
            let address = self.address(group, creator);
            node = node.attr("creator", address.clone()).attr("s_o", address);
            if group.lid_addressed && !group.hides_numbers {
                node =
                    node.attr("creator_pn", phone_jid(creator)).attr("s_o_pn", phone_jid(creator));
            }
        }
        let mut children = kind_nodes(&group.kind);
        if let Some(description) = group.description.as_ref().filter(|_| shown.description) {
            let body = NodeBuilder::new("body").bytes(description.as_bytes()).build();
            let description = NodeBuilder::new("description")
                .attr("id", format!("{:016X}", group.created))
                .attr("t", group.created)
                .children([body]);
            children.push(description.build());
        }
        if shown.members {
            children.extend(
                group.members.iter().map(|(phone, rank)| self.participant(group, phone, *rank)),
            );
        }
        node.children(children).build()
    }

    fn participant(&self, group: &Group, phone: &str, rank: Rank) -> Node {
        let mut node = NodeBuilder::new("participant").attr("jid", self.address(group, phone));
        if group.hides_numbers {
            // The LID is all that there is.
        } else if group.lid_addressed {
            node = node.attr("phone_number", phone_jid(phone));
        } else if let Some(lid) = self.lid_jid(phone) {
            node = node.attr("lid", lid);
        }
        match rank {
            Rank::Member => node,
            Rank::Admin => node.attr("type", "admin"),
            Rank::Superadmin => node.attr("type", "superadmin"),
        }
        .build()
    }

    fn address(&self, group: &Group, phone: &str) -> NodeValue {
        match self.lid_jid(phone) {
            Some(lid) if group.lid_addressed => lid,
            _ => phone_jid(phone),
        }
    }

    fn lid_jid(&self, phone: &str) -> Option<NodeValue> {
        self.accounts.get(phone).map(|account| jid(&format!("{}@lid", account.lid)))
    }
}

fn phone_jid(phone: &str) -> NodeValue {
    jid(&format!("{phone}@s.whatsapp.net"))
}

/// The kind flags of a group.
fn kind_nodes(kind: &GroupKind) -> Vec<Node> {
    let linked = |parent: &str| NodeBuilder::new("linked_parent").attr("jid", jid(parent)).build();
    match kind {
        GroupKind::Group => Vec::new(),
        GroupKind::Community => vec![NodeBuilder::new("parent").build()],
        GroupKind::Subgroup { parent } => vec![linked(parent)],
        GroupKind::Announcement { parent } => vec![
            linked(parent),
            NodeBuilder::new("announcement").build(),
            NodeBuilder::new("default_sub_group").build(),
        ],
    }
}
