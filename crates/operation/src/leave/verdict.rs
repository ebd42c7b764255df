//! What is known of one group when its run ends.

use domain::broken;
use domain::group::{Group, GroupJid};
use domain::problem::Problem;
use store::session::{GroupEnd, Settled};
use whatsapp::Confirmed;

use super::evidence::Evidence;
use super::left::Left;

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
    /// What a verdict is in words. A recovered leave is a 200 only once it is
    /// settled: until then nothing keeps two runs from claiming it. "Not a member" is
    /// a 404 only once it is settled: a run that was fenced off may have seen the act
    /// of the run that took over. A confirmed leave needs no settling: a true success
    /// never becomes an error.
    pub(super) fn spoken(&self, settled: Option<&Settled>) -> Result<Left, Problem> {
        match (self, settled) {
            (Self::Confirmed { confirmed, .. }, _) => Ok(Left::confirmed(confirmed)),
            (Self::Recovered { evidence, .. }, Some(settled)) => {
                Ok(Left::recovered(evidence, settled))
            }
            (Self::NotMember, Some(_)) => Err(Problem::NotMember),
            (Self::NotMember, None) if broken!(DenialIsSettled) => Err(Problem::NotMember),
            (Self::Recovered { evidence, .. }, None) if broken!(RecoveredIsSettled) => {
                Ok(Left::once_settled(evidence))
            }
            (Self::Recovered { .. } | Self::NotMember | Self::Unconfirmed, _) => {
                Err(Problem::Unconfirmed)
            }
            (Self::Refused { .. }, _) => Err(Problem::NotAllowed),
            (Self::NothingDone { problem }, _) => Err(*problem),
        }
    }

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
