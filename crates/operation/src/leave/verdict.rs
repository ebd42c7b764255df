//! What is known of one group when its run ends.

use domain::group::{Group, GroupJid};
use domain::problem::Problem;
use store::session::GroupEnd;
use whatsapp::Confirmed;

use super::evidence::Evidence;

/// What is known of one group. It has one in a run, however often and in whatever
/// form it was named.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// WhatsApp says that we left it, just now.
    Confirmed {
        confirmed: Confirmed,
        group: Group,
        /// Groups of the same community that went with it.
        linked: Vec<GroupJid>,
    },
    /// We are out, an earlier stanza's outcome was lost, and there is evidence that we
    /// were in.
    Recovered { evidence: Evidence, group: Group, linked: Vec<GroupJid> },
    /// We are not in it, or there is no such group.
    NotMember,
    /// We are in it, and WhatsApp does not let us leave.
    Refused { group: Group },
    /// The stanza may have been sent, and nobody knows.
    Unconfirmed,
    /// This run changed nothing: no stanza was sent, or WhatsApp refused it by the
    /// group's own status.
    NothingDone { problem: Problem },
}

impl Verdict {
    /// What it leaves behind in the table.
    pub(super) fn end(&self, jid: &GroupJid) -> GroupEnd {
        match self {
            Self::Confirmed { group, linked, .. } => {
                GroupEnd::Left { group: group.clone(), linked: linked.clone(), confirmed: true }
            }
            Self::Recovered { group, linked, .. } => {
                GroupEnd::Left { group: group.clone(), linked: linked.clone(), confirmed: false }
            }
            Self::NotMember => GroupEnd::NotMember(jid.clone()),
            Self::Refused { group } => GroupEnd::StillMember(group.clone()),
            Self::Unconfirmed => GroupEnd::Open(jid.clone()),
            Self::NothingDone { .. } => GroupEnd::NothingDone(jid.clone()),
        }
    }
}

/// What an identifier turned out to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// This group.
    Group(GroupJid),
    /// An invite that was revoked.
    Revoked,
    /// An invite that leads to no group.
    Nowhere,
    /// It is not known, and nothing was done.
    Unknown(Problem),
}
