//! `leavectl instance unblock`.

use clap::Args;
use domain::block::BlockReason;

use super::Named;
use crate::confirm::Consent;
use crate::failure::Failure;
use crate::{moment, output, place};

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
}

impl Unblock {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        let Some(block) = operator.block(&id).await? else {
            return output::line(&format!("Instance {id} is not blocked."));
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
        operator.unblock(&id, block).await?;
        output::line(&format!(
            "Instance {id} is blocked no more. Try it: `leavectl instance check {} {}`",
            id.account, id.name
        ))
    }
}
