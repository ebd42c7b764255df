//! What WhatsApp tells about a group: by invite, and by its metadata.

use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::group::{Group, GroupJid, GroupKind};
use domain::identifier::InviteCode;
use wacore::request::InfoQueryType;
use wacore_binary::NodeRef;
use wacore_binary::builder::NodeBuilder;

use super::failure::Failure;
use super::online::Online;
use super::stanza::{self, Iq};

/// A group's metadata. WhatsApp gives it to members only, so having it is
/// evidence of membership at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    group: Group,
    owned: bool,
}

impl Metadata {
    /// The group and its kind.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Whether we are its owner: our own entry has `type="superadmin"`
    /// (`creator` is history).
    pub fn is_owned_by_us(&self) -> bool {
        self.owned
    }
}

/// Why an invite led to no group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// 410: it was revoked.
    #[error("revoked: {0}")]
    Revoked(#[source] Failure),
    /// It leads nowhere. All of these codes were seen for invites that do not exist.
    #[error("leads nowhere: {0}")]
    Nowhere(#[source] Failure),
    /// It is not known.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Failure> for InviteError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Iq(refusal) => match refusal.code() {
                410 => Self::Revoked(failure),
                400 | 401 | 403 | 404 | 406 | 416 | 423 | 436 => Self::Nowhere(failure),
                _ => Self::Failed(failure),
            },
            _ => Self::Failed(failure),
        }
    }
}

/// Why there is no metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// 403, 404: we are not in the group, or there is none.
    #[error("not a member: {0}")]
    NotMember(#[source] Failure),
    /// It is not known.
    #[error(transparent)]
    Failed(Failure),
}

impl From<Failure> for MetadataError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Iq(refusal) if matches!(refusal.code(), 403 | 404) => Self::NotMember(failure),
            _ => Self::Failed(failure),
        }
    }
}

impl Online {
    /// Looks an invite up: `<iq type="get" to="g.us"><invite code/></iq>`. The
    /// reply has the group's kind; it does not mean membership.
    ///
    /// # Errors
    /// [`InviteError`].
    pub async fn invite(
        &mut self,
        code: &InviteCode,
        budget: Budget,
    ) -> Result<Group, InviteError> {
        let invite = NodeBuilder::new("invite").attr("code", code.as_str()).build();
        let reply = self.ask(Iq::to_groups(InfoQueryType::Get, invite), budget).await?;
        let group = reply.get_optional_child("group").ok_or(Failure::Protocol("invite reply"))?;
        Ok(read_group(group).ok_or(Failure::Protocol("invite reply"))?)
    }

    /// Asks for a group's metadata: `<iq type="get" to="J@g.us"><query request="interactive"/></iq>`.
    ///
    /// # Errors
    /// [`MetadataError`].
    pub async fn metadata(
        &mut self,
        jid: &GroupJid,
        ourselves: &Credentials,
        budget: Budget,
    ) -> Result<Metadata, MetadataError> {
        let query = NodeBuilder::new("query").attr("request", "interactive").build();
        let reply = self.ask(Iq::to_group(InfoQueryType::Get, jid, query), budget).await?;
        let group = reply.get_optional_child("group").ok_or(Failure::Protocol("metadata reply"))?;
        // A reply about another group says nothing about this one.
        let of_this_group = stanza::attribute(group, "id").and_then(|id| group_jid(&id));
        if of_this_group.as_ref() != Some(jid) {
            return Err(Failure::Protocol("metadata of another group").into());
        }
        let number = ourselves.device.user().to_string();
        // What WhatsApp itself says at login counts before what was stored or imported.
        let lid = self.lid().or(ourselves.lid.as_deref()).map(lid_user);
        Ok(Metadata {
            group: Group { jid: jid.clone(), kind: kind(group) },
            owned: group.get_children_by_tag("participant").any(|participant| {
                is_ourselves(participant, &number, lid) && is_owner(participant)
            }),
        })
    }
}

/// The group that a `<group id>` names, with its kind; `None` without an id that
/// is a group's.
pub(crate) fn read_group(node: &NodeRef<'_>) -> Option<Group> {
    let jid = stanza::attribute(node, "id").and_then(|id| group_jid(&id))?;
    Some(Group { kind: kind(node), jid })
}

/// Group ids come with and without `@g.us`.
pub(super) fn group_jid(id: &str) -> Option<GroupJid> {
    id.parse().or_else(|_| GroupJid::from_user(id)).ok()
}

fn kind(group: &NodeRef<'_>) -> GroupKind {
    let parent = group
        .get_optional_child("linked_parent")
        .and_then(|parent| stanza::attribute(parent, "jid"))
        .and_then(|jid| group_jid(&jid));
    if group.get_optional_child("parent").is_some() {
        GroupKind::Community
    } else if group.get_optional_child("default_sub_group").is_some() {
        GroupKind::Announcement { parent }
    } else if group.get_optional_child("linked_parent").is_some() {
        GroupKind::Subgroup { parent }
    } else {
        GroupKind::Group
    }
}

fn is_owner(participant: &NodeRef<'_>) -> bool {
    stanza::attribute(participant, "type").as_deref() == Some("superadmin")
}

/// By phone number and by LID: a group is addressed by one or the other.
fn is_ourselves(participant: &NodeRef<'_>, number: &str, lid: Option<&str>) -> bool {
    ["jid", "phone_number", "lid"]
        .iter()
        .filter_map(|name| stanza::attribute(participant, name))
        .any(|jid| {
            let (user, server) = jid.split_once('@').unwrap_or((&jid, ""));
            let user = user.split(':').next().unwrap_or(user);
            match server {
                "s.whatsapp.net" => user == number,
                "lid" => lid == Some(user),
                _ => false,
            }
        })
}

fn lid_user(lid: &str) -> &str {
    lid.split(['@', ':']).next().unwrap_or(lid)
}
