//! `leavectl account delete`.

use clap::Args;
use domain::tenant::AccountId;
use serde::Serialize;

use crate::confirm::Consent;
use crate::count::count;
use crate::failure::Failure;
use crate::output::Format;
use crate::place;

/// Delete an account and its tokens; it may have no instances
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl account delete acme\n  leavectl account delete acme --yes --json"
)]
pub(crate) struct Delete {
    /// The account
    account: AccountId,
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
    /// The account that is deleted.
    account: String,
    /// How many tokens went with it.
    token_count: usize,
}

impl Delete {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        // What would be refused is refused before anybody is asked.
        let tokens = operator.deletable_account(&self.account).await?;
        let account = self.account;
        self.consent.ask(&format!(
            "Account {account} and its {} are to be deleted.",
            count(tokens, "token")
        ))?;
        let token_count = operator.delete_account(&account).await?;
        self.format.show(
            &Printed { account: account.to_string(), token_count },
            &format!("Account {account} is deleted, and {} with it.", count(token_count, "token")),
        )
    }
}
