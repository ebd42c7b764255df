//! Evidence that we are, or were, in a group.

use domain::group::GroupJid;
use store::session::Row;
use whatsapp::Metadata;

/// Evidence of membership in one group: a roster row read under the lease, or WhatsApp's
/// metadata of this run. An invite's lookup cannot make it.
///
/// ```compile_fail
/// use operation::leave::Evidence;
/// let forged = Evidence { jid: "120363406289005073@g.us".parse().unwrap() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    jid: GroupJid,
}

impl Evidence {
    /// What a row is evidence of.
    pub(super) fn of_row(row: &Row) -> Self {
        Self { jid: row.group().jid.clone() }
    }

    /// What an answered question for metadata is evidence of: members alone get one.
    pub(super) fn of_metadata(metadata: &Metadata) -> Self {
        Self { jid: metadata.group().jid.clone() }
    }

    /// Evidence of nothing.
    #[cfg(feature = "breakable")]
    pub(super) fn forged(jid: &GroupJid) -> Self {
        Self { jid: jid.clone() }
    }

    /// The group.
    pub fn jid(&self) -> &GroupJid {
        &self.jid
    }
}
