//! `leavectl group`: the groups that an instance is in.

pub(crate) mod list;
pub(crate) mod sync;

use clap::Subcommand;
use domain::group::GroupKind;
use whatsapp::Listed;

use crate::failure::Failure;
use crate::output::printable;

/// List an instance's groups, and learn them from WhatsApp
#[derive(Subcommand)]
pub(crate) enum Group {
    Sync(sync::Sync),
    List(list::List),
}

impl Group {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Sync(sync) => sync.run().await,
            Self::List(list) => list.run().await,
        }
    }
}

/// A group in one line.
pub(crate) fn told(listed: &Listed) -> String {
    let kind = match listed.group.kind {
        GroupKind::Group => "",
        GroupKind::Community => " (community)",
        GroupKind::Subgroup { .. } => " (subgroup)",
        GroupKind::Announcement { .. } => " (announcement group)",
    };
    let subject = printable(listed.subject.as_deref().unwrap_or_default());
    format!("{}{kind}  {subject}", listed.group.jid).trim_end().to_owned()
}
