//! `leavectl instance rename`.

use clap::Args;
use domain::tenant::InstanceName;

use serde::Serialize;

use super::Named;
use crate::count::count;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place, progress};

/// Give an instance another name; its groups, history, tokens and device go with it
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance rename acme sales sales-br
  leavectl instance rename acme 'what?' what

From then on requests have to name the new one. Cut short, it is ended by the same command.")]
pub(crate) struct Rename {
    #[command(flatten)]
    named: Named,
    /// Its new name; its account stays
    #[arg(value_name = "NEW")]
    new: InstanceName,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// The instance, by its new name.
    #[serde(flatten)]
    named: json::Named,
    /// Its name before.
    renamed_from: String,
    /// Rows of groups, of the history, and kept answers that went with it.
    row_count: usize,
    /// Tokens that went with it.
    token_count: usize,
}

impl Rename {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let old = self.named.id();
        let renaming = operator.rename_instance(&old, &self.new);
        let renamed = progress::during("Moving", renaming).await?;
        let printed = Printed {
            named: json::Named { account: old.account.to_string(), instance: self.new.to_string() },
            renamed_from: old.name.to_string(),
            row_count: renamed.rows,
            token_count: renamed.tokens,
        };
        self.format.show(
            &printed,
            &format!(
                "Instance {old} is {}/{} now, with {} and {}.",
                old.account,
                self.new,
                count(renamed.rows, "row"),
                count(renamed.tokens, "token")
            ),
        )
    }
}
