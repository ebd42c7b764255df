//! `leavectl instance unblock`.

use clap::Args;
use domain::block::BlockReason;
use operator::shell;
use serde::Serialize;

use super::Named;
use crate::confirm::Consent;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, moment, place};

/// Forget that WhatsApp bans or throttles an instance's number
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance unblock acme sales
  leavectl instance unblock acme sales --yes

Only what is remembered here is lifted. When WhatsApp still refuses the number, the next
request learns it again.")]
pub(crate) struct Unblock {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The instance.
    #[serde(flatten)]
    named: json::Named,
    /// What was lifted; nothing where it was not blocked.
    lifted: Option<json::Block>,
}

impl Unblock {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        let Some(block) = operator.block(&id).await? else {
            let printed = Printed { named: json::Named::from(&id), lifted: None };
            return self.format.show(&printed, &format!("Instance {id} is not blocked."));
        };
        let (what, until) = (
            match block.reason {
                BlockReason::Throttled => "throttles",
                BlockReason::Banned => "bans",
            },
            moment::shown(block.until),
        );
        self.consent.ask(&format!(
            "WhatsApp {what} the number of instance {id} until {until}. Going on before that can \
             make it longer."
        ))?;
        let lifted = json::Block::of(block.reason, block.until);
        operator.unblock(&id, block).await?;
        self.format.show(
            &Printed { named: json::Named::from(&id), lifted: Some(lifted) },
            &format!(
                "Instance {id} is blocked no more. Try it: `leavectl instance check {}`",
                shell::instance(&id)
            ),
        )
    }
}
