//! What may be left.

use domain::group::Group;

use super::evidence::Evidence;

/// A target that may be left, once an intent stands.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) group: Group,
    /// An invite of an unknown group has none.
    pub(super) evidence: Option<Evidence>,
    /// Whether WhatsApp said in this run that we are in it.
    pub(super) is_member: bool,
}
