//! The 200: a group that was left, for certain.

use domain::group::GroupJid;
use store::session::Settled;
use whatsapp::Confirmed;

use super::evidence::Evidence;

/// A group that was left, for certain. The 200.
///
/// Made from WhatsApp's own confirmation, or from evidence of membership and a
/// settlement that was written: "attempted, outcome lost, out now".
///
/// ```compile_fail
/// use operation::leave::Left;
/// let forged = Left { group: "120363406289005073@g.us".parse().unwrap(), recovered: false };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    group: GroupJid,
    recovered: bool,
}

impl Left {
    pub(super) fn confirmed(confirmed: &Confirmed) -> Self {
        Self { group: confirmed.target().clone(), recovered: false }
    }

    pub(super) fn recovered(evidence: &Evidence, _: &Settled) -> Self {
        Self { group: evidence.jid().clone(), recovered: true }
    }

    /// For the answer that is kept in the very transaction that settles it.
    pub(super) fn once_settled(evidence: &Evidence) -> Self {
        Self { group: evidence.jid().clone(), recovered: true }
    }

    /// The group.
    pub fn group(&self) -> &GroupJid {
        &self.group
    }

    /// Whether it was an earlier run's leave, whose outcome was lost.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }
}
