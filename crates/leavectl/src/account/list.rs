//! `leavectl account list`.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Columns, Format, or_dash};
use crate::{moment, place};

/// List the accounts
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl account list\n  leavectl account list --json | jq -r '.accounts[].account'"
)]
pub(crate) struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let accounts = place::operator().await?.accounts().await?;
        let mut columns = Columns::new(&["ACCOUNT", "CREATED", "NOTE"]);
        for account in &accounts {
            columns.row([
                account.id.to_string(),
                moment::shown(account.created),
                or_dash(account.note.as_deref()),
            ]);
        }
        let listed: Vec<_> = accounts
            .iter()
            .map(|account| {
                json!({
                    "account": account.id.as_str(),
                    "note": account.note,
                    "createdAt": moment::shown(account.created),
                })
            })
            .collect();
        let none = "No accounts. `leavectl account create ID` makes one.";
        self.format.show(&json!({"accounts": listed}), &columns.text(none))
    }
}
