//! `leavectl token list`.

use clap::Args;
use domain::tenant::AccountId;
use serde_json::json;

use super::{as_json, instance};
use crate::failure::Failure;
use crate::output::{Columns, Format, or_dash};
use crate::{moment, place};

/// List an account's tokens, by ids that are no secrets
#[derive(Args)]
#[command(after_help = "Examples:\n  leavectl token list acme\n  leavectl token list acme --json")]
pub(crate) struct List {
    /// The account
    account: AccountId,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let tokens = operator.tokens(&self.account).await?;
        if tokens.is_empty() {
            operator.account(&self.account).await?;
        }
        let now = operator.now().await?;
        let mut columns = Columns::new(&["ID", "FOR", "PER MINUTE", "ISSUED", "EXPIRES", "NOTE"]);
        for token in &tokens {
            let expires = match token.valid_until {
                Some(at) if at <= now => format!("{} (over)", moment::shown(at)),
                at => moment::or_dash(at),
            };
            columns.row([
                token.id.clone(),
                instance(&token.scope).map_or_else(|| "the account".to_owned(), str::to_owned),
                token.per_minute.to_string(),
                moment::or_dash(token.issued),
                expires,
                or_dash(token.note.as_deref()),
            ]);
        }
        let listed: Vec<_> = tokens.iter().map(as_json).collect();
        let none = "No tokens. `leavectl token issue ACCOUNT` makes one.";
        let value = json!({"account": self.account.as_str(), "tokens": listed});
        self.format.show(&value, &columns.text(none))
    }
}
