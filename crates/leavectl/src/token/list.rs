//! `leavectl token list`.

use clap::Args;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use domain::token::Scope;
use operator::shell;
use serde::Serialize;

use super::instance;
use crate::failure::Failure;
use crate::narrow::{self, Limit};
use crate::output::{Columns, Format, or_dash};
use crate::{json, moment, place};

/// List an account's tokens, by ids that are no secrets
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl token list acme\n  leavectl token list acme --instance sales\n  leavectl token list acme --json"
)]
pub(crate) struct List {
    /// The account; ACCOUNT/INSTANCE names the one instance too
    account: AccountId,
    /// Only the tokens that are for this instance alone
    #[arg(long, value_name = "NAME", value_parser = InstanceName::of_stored)]
    instance: Option<InstanceName>,
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
    /// The account's id.
    account: String,
    /// How many it has; with `--instance`, how many of those.
    token_count: usize,
    /// Its tokens, by when they were issued; with `--limit`, the first of them.
    tokens: Vec<json::Token>,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let mut tokens = operator.tokens(&self.account).await?;
        if let Some(name) = &self.instance {
            tokens.retain(|token| matches!(&token.scope, Scope::Instance(its) if its == name));
        }
        let mut whose = self.account.to_string();
        if let Some(name) = self.instance {
            let id = InstanceId { account: self.account.clone(), name };
            whose = id.to_string();
            if tokens.is_empty() {
                operator.instance(&id).await?;
            }
        } else if tokens.is_empty() {
            operator.account(&self.account).await?;
        }
        let total = tokens.len();
        self.limit.cut(&mut tokens);
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
        let none =
            format!("No tokens. `leavectl token issue {}` makes one.", shell::words(&[&whose]));
        let printed = Printed {
            account: self.account.to_string(),
            token_count: total,
            tokens: tokens.iter().map(json::Token::from).collect(),
        };
        self.format.show(&printed, &columns.text(&none))?;
        narrow::tell(tokens.len(), total, "token");
        Ok(())
    }
}
