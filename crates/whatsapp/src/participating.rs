//! WhatsApp's list of the groups that a session is in.

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::{Group, GroupJid};
use wacore::request::InfoQueryType;
use wacore_binary::builder::NodeBuilder;

use super::failure::Failure;
use super::groups::read_group;
use super::online::Online;
use super::stanza::Iq;

/// A group with its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The group and its kind.
    pub group: Group,
    /// Its subject, when it is known.
    pub subject: Option<String>,
}

/// WhatsApp's list of the groups that a session is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Participating {
    /// Those that could be read, by JID.
    pub groups: BTreeMap<GroupJid, Listed>,
    /// Entries that could not be read. Then a group that is not listed may be one of
    /// them.
    pub unreadable: usize,
}

impl Online {
    /// Asks WhatsApp for the groups that a session is in: ids, subjects and kinds, no
    /// members (`<participating>` without its children).
    ///
    /// # Errors
    /// [`Failure::Iq`], or the connection's failure.
    pub async fn participating(&mut self, budget: Budget) -> Result<Participating, Failure> {
        let query = NodeBuilder::new("participating").build();
        let reply = self.ask(Iq::to_groups(InfoQueryType::Get, query), budget).await?;
        let groups =
            reply.get_optional_child("groups").ok_or(Failure::Protocol("list of groups"))?;
        let mut listed = Participating::default();
        for node in groups.get_children_by_tag("group") {
            let Some(group) = read_group(node) else {
                listed.unreadable += 1;
                continue;
            };
            let subject = node.get_attr("subject").map(|subject| subject.as_str().into_owned());
            listed.groups.insert(group.jid.clone(), Listed { group, subject });
        }
        Ok(listed)
    }
}
