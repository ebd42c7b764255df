//! `leavectl account delete`.

use clap::Args;
use domain::tenant::AccountId;

use crate::confirm::Consent;
use crate::failure::Failure;
use crate::{output, place};

/// Delete an account and its tokens; it may have no instances
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl account delete acme")]
pub(crate) struct Delete {
    /// The account
    account: AccountId,
    #[command(flatten)]
    consent: Consent,
}

impl Delete {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        operator.account(&self.account).await?;
        let account = self.account;
        self.consent.ask(&format!("Account {account} and all its tokens are to be deleted."))?;
        let tokens = operator.delete_account(&account).await?;
        output::line(&format!("Account {account} is deleted, and {tokens} of its tokens with it."))
    }
}
