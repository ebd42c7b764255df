//! `leavectl instance delete`.

use clap::Args;

use super::Named;
use crate::confirm::Consent;
use crate::failure::Failure;
use crate::{output, place, progress};

/// Delete an instance with its groups, history and tokens; also ends a deletion that was cut short
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl instance delete acme sales --unlink\n  leavectl instance delete acme sales --yes\n\nWithout --unlink its device stays in the phone's list of linked devices."
)]
pub(crate) struct Delete {
    #[command(flatten)]
    named: Named,
    /// Take its device off the account at WhatsApp first
    #[arg(long)]
    unlink: bool,
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
        if self.unlink && has_device {
            let unlinking = super::unlink::unlink(&operator, &id);
            progress::during("Unlinking the device", unlinking).await.map_err(|error| {
                Failure::Refused(format!(
                    "nothing was deleted, because its device is not known to be unlinked: {error}\n\
                     Delete it once more, or without --unlink; then unlink it on the phone."
                ))
            })?;
        }
        let deleting = operator.delete_instance(&id);
        let deleted = progress::during("Deleting", deleting).await?;
        let mut text = format!(
            "Instance {id} is deleted, with {} rows and {} tokens.",
            deleted.rows, deleted.tokens
        );
        if has_device && self.unlink {
            text.push_str(" Its device is unlinked.");
        } else if has_device {
            text.push_str(" Unlink its device on the phone: Settings, Linked devices.");
        }
        output::line(&text)
    }
}
