//! `leavectl instance delete`.

use clap::Args;

use super::Named;
use crate::confirm::Consent;
use crate::failure::Failure;
use crate::{output, place, progress};

/// Delete an instance with its groups, history and tokens; its device stays linked at
/// WhatsApp until the phone unlinks it
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl instance delete acme sales\n  leavectl instance delete acme sales --yes"
)]
pub(crate) struct Delete {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    consent: Consent,
}

impl Delete {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let id = self.named.id();
        let has_device = operator.instance(&id).await?.summary.device.is_some();
        self.consent.ask(&format!(
            "Instance {id}, its credentials, groups, history and tokens are to be deleted."
        ))?;
        let deleting = operator.delete_instance(&id);
        let deleted = progress::during("Deleting", deleting).await?;
        let mut text = format!(
            "Instance {id} is deleted, with {} rows and {} tokens.",
            deleted.rows, deleted.tokens
        );
        if has_device {
            text.push_str(" Unlink its device on the phone: Settings, Linked devices.");
        }
        output::line(&text)
    }
}
