//! `leavectl instance delete`.

use clap::Args;
use serde::Serialize;

use super::Named;
use crate::confirm::Consent;
use crate::count::count;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place, progress};

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
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// The instance that is deleted.
    #[serde(flatten)]
    named: json::Named,
    /// The JID of its device.
    jid: Option<String>,
    /// Whether that was taken off the account at WhatsApp; otherwise it is still on the phone.
    unlinked: bool,
    /// Rows of groups, of the history, and kept answers that went with it.
    row_count: usize,
    /// Tokens that went with it.
    token_count: usize,
}

impl Delete {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let id = self.named.id();
        let there = operator.instance(&id).await?;
        let device = there.summary.device.clone();
        let has_device = device.is_some();
        self.consent.ask(&format!(
            "Instance {id} is to be deleted: {}, {}, {} in its history, {}.{}",
            match &device {
                Some(device) => format!("device {device}"),
                None => "no device".to_owned(),
            },
            count(there.groups, "group"),
            count(there.left, "leave"),
            count(there.tokens.len(), "token"),
            match there.unresolved {
                0 => String::new(),
                open => format!(
                    " The outcome of {} is not known yet, and will not be learned.",
                    count(open, "leave")
                ),
            }
        ))?;
        if self.unlink && has_device {
            let unlinking = super::unlink::unlink(&operator, &id);
            progress::during("Unlinking the device", unlinking).await.map_err(|error| {
                error.told_as(format!(
                    "nothing was deleted, because its device is not known to be unlinked: {error}\n\
                     Delete it once more, or without --unlink; then unlink it on the phone."
                ))
            })?;
        }
        let deleting = operator.delete_instance(&id);
        let deleted = progress::during("Deleting", deleting).await?;
        let mut text = format!(
            "Instance {id} is deleted, with {} and {}.",
            count(deleted.rows, "row"),
            count(deleted.tokens, "token")
        );
        if has_device && self.unlink {
            text.push_str(" Its device is unlinked.");
        } else if has_device {
            text.push_str(" Unlink its device on the phone: Settings, Linked devices.");
        }
        let printed = Printed {
            named: json::Named::from(&id),
            unlinked: self.unlink && has_device,
            jid: device,
            row_count: deleted.rows,
            token_count: deleted.tokens,
        };
        self.format.show(&printed, &text)
    }
}
