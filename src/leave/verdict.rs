//! What is known of one target when its run ends.

use crate::group::{Group, GroupJid};
use crate::problem::Problem;
use crate::session::{Evidence, GroupEnd};
use crate::whatsapp::Confirmed;

/// What is known of one target.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// WhatsApp says that we left it, just now.
    Confirmed {
        confirmed: Confirmed,
        group: Group,
        /// Groups of the same community that went with it.
        linked: Vec<GroupJid>,
    },
    /// We are out, an earlier run tried, and there is evidence that we were in.
    Recovered { evidence: Evidence, group: Group, linked: Vec<GroupJid> },
    /// We are not in it, or there is no such group.
    NotMember { jid: Option<GroupJid> },
    /// The invite was revoked.
    InviteRevoked,
    /// We are in it, and WhatsApp does not let us leave.
    Refused { group: Group },
    /// The stanza may have been sent, and nobody knows.
    Unconfirmed,
    /// Nothing was sent, or WhatsApp said that nothing was done.
    NotSent { jid: Option<GroupJid>, problem: Problem },
}

impl Verdict {
    /// What it leaves behind in the table.
    pub(super) fn end(&self) -> Option<GroupEnd> {
        match self {
            Self::Confirmed { group, linked, .. } => Some(GroupEnd::Left {
                group: group.clone(),
                linked: linked.clone(),
                confirmed: true,
            }),
            Self::Recovered { group, linked, .. } => Some(GroupEnd::Left {
                group: group.clone(),
                linked: linked.clone(),
                confirmed: false,
            }),
            Self::NotMember { jid } => jid.clone().map(GroupEnd::NotMember),
            Self::Refused { group } => Some(GroupEnd::StillMember(group.clone())),
            Self::NotSent { jid, .. } => jid.clone().map(GroupEnd::NotSent),
            Self::InviteRevoked => None,
            Self::Unconfirmed => Some(GroupEnd::Open),
        }
    }
}
