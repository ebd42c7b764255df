//! `leavectl instance rename`.

use clap::Args;
use domain::tenant::InstanceName;

use super::Named;
use crate::failure::Failure;
use crate::{output, place, progress};

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
    /// Its new name
    #[arg(value_name = "NEW")]
    new: InstanceName,
}

impl Rename {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let old = self.named.id();
        let renaming = operator.rename_instance(&old, &self.new);
        let renamed = progress::during("Moving", renaming).await?;
        output::line(&format!(
            "Instance {old} is {}/{} now, with {} rows and {} tokens.",
            old.account, self.new, renamed.rows, renamed.tokens
        ))
    }
}
