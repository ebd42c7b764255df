//! `leavectl account list`.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::narrow::{self, Limit};
use crate::output::{Columns, Format, or_dash};
use crate::{json, moment, place};

/// List the accounts
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl account list\n  leavectl account list --json | jq -r '.accounts[].account'"
)]
pub(crate) struct List {
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// How many there are.
    account_count: usize,
    /// The accounts, by id; with `--limit`, the first of them.
    accounts: Vec<json::Account>,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut accounts = place::operator().await?.accounts().await?;
        let total = accounts.len();
        self.limit.cut(&mut accounts);
        let mut columns = Columns::new(&["ACCOUNT", "CREATED", "NOTE"]);
        for account in &accounts {
            columns.row([
                account.id.to_string(),
                moment::shown(account.created),
                or_dash(account.note.as_deref()),
            ]);
        }
        let printed = Printed {
            account_count: total,
            accounts: accounts.iter().map(json::Account::from).collect(),
        };
        let none = "No accounts. `leavectl account create ID` makes one.";
        self.format.show(&printed, &columns.text(none))?;
        narrow::tell(accounts.len(), total, "account");
        Ok(())
    }
}
