//! `leavectl group sync`.

use std::fmt::Write;

use clap::Args;

use crate::failure::Failure;
use crate::instance::Named;
use crate::{output, place, progress};

/// Fill an instance's roster from WhatsApp's own list, so that the usual leave needs
/// no extra query
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl group sync acme sales")]
pub(crate) struct Sync {
    #[command(flatten)]
    named: Named,
}

impl Sync {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        let syncing = operator.sync_roster(&id);
        let synced = progress::during("Asking WhatsApp for the groups", syncing).await?;
        let mut text = format!(
            "Instance {id} is in {} groups: {} rows written, {} removed.",
            synced.groups, synced.written, synced.removed
        );
        if synced.unresolved > 0 {
            let _ = write!(
                text,
                " {} left alone, because a leave of them is unresolved: see `leavectl history {} {}`.",
                synced.unresolved, id.account, id.name
            );
        }
        if synced.unreadable > 0 {
            let _ = write!(
                text,
                " {} entries could not be read, so nothing was removed.",
                synced.unreadable
            );
        }
        output::line(&text)
    }
}
