//! `leavectl group sync`.

use std::fmt::Write;

use clap::Args;
use operator::shell;
use serde::Serialize;

use crate::count::count;
use crate::failure::Failure;
use crate::instance::Named;
use crate::output::Format;
use crate::{json, place, progress};

/// Fill an instance's roster from WhatsApp's own list, so that the usual leave needs
/// no extra query
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl group sync acme sales\n  leavectl group sync acme sales --json | jq .groupCount"
)]
pub(crate) struct Sync {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// Whose groups these are.
    #[serde(flatten)]
    named: json::Named,
    /// Groups that it is in, as WhatsApp lists them.
    group_count: usize,
    /// Rows that are new or changed.
    written_count: usize,
    /// Rows of groups that it is in no more.
    removed_count: usize,
    /// Groups that were left alone, because a leave of them is unresolved.
    unresolved_count: usize,
    /// Entries of WhatsApp's list that could not be read; nothing was removed then.
    unreadable_count: usize,
}

impl Sync {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        let syncing = operator.sync_roster(&id);
        let synced = progress::during("Asking WhatsApp for the groups", syncing).await?;
        let mut text = format!(
            "Instance {id} is in {}: {} written, {} removed.",
            count(synced.groups, "group"),
            count(synced.written, "row"),
            synced.removed
        );
        if synced.unresolved > 0 {
            let _ = write!(
                text,
                " {} left alone, because a leave of them is unresolved: see `leavectl history {}`.",
                synced.unresolved,
                shell::instance(&id)
            );
        }
        if synced.unreadable > 0 {
            let _ = write!(
                text,
                " {} could not be read, so nothing was removed.",
                count(synced.unreadable, "entry")
            );
        }
        let printed = Printed {
            named: json::Named::from(&id),
            group_count: synced.groups,
            written_count: synced.written,
            removed_count: synced.removed,
            unresolved_count: synced.unresolved,
            unreadable_count: synced.unreadable,
        };
        self.format.show(&printed, &text)
    }
}
