//! `leavectl account create`.

use clap::Args;
use domain::tenant::AccountId;
use operator::shell;

use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place};

/// Make an account
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl account create acme --note \"Acme Ltd\"")]
pub(crate) struct Create {
    /// Its id: 1 to 64 characters of a-z, 0-9 and -
    account: AccountId,
    /// What people recognise it by
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints: the account.
pub(crate) type Printed = json::Account;

impl Create {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let made = operator.create_account(&self.account, self.note.as_deref()).await?;
        let account = self.account;
        self.format.show(
            &Printed::from(&made),
            &format!(
                "Account {account} is made. Next: `leavectl instance create {name} NAME`, \
                 `leavectl token issue {name}`.",
                name = shell::words(&[account.as_str()])
            ),
        )
    }
}
