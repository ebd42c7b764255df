//! `leavectl token issue`.

use clap::Args;
use domain::tenant::{AccountId, InstanceName};
use domain::token::Scope;
use operator::shell;
use operator::tokens::TokenRequest;
use serde::Serialize;
use store::gate::DEFAULT_LIMIT;

use crate::failure::Failure;
use crate::moment::{self, Expiry};
use crate::output::{self, Format};
use crate::{json, place};

/// Issue a token; its secret is shown this once and stored nowhere
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl token issue acme --note \"CRM\"
  leavectl token issue acme --instance sales --per-minute 20 --expires 90d
  leavectl token issue acme --json | jq -r .token")]
pub(crate) struct Issue {
    /// Whose it is; ACCOUNT/INSTANCE names the one instance too
    account: AccountId,
    /// Let it act for this instance alone; without it, for every one of the account
    #[arg(long, value_name = "NAME")]
    instance: Option<InstanceName>,
    /// Requests in a minute
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    per_minute: u64,
    /// When it ends: 90d, 12h, 30min, 2027-01-31 (its beginning, in UTC) or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    /// What people recognise it by
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints: the one time that the secret is shown.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The secret: what callers send in the header `token`.
    token: String,
    /// The account's id.
    account: String,
    /// The token, as it is listed.
    #[serde(flatten)]
    listed: json::Token,
}

impl Issue {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let valid_until = match self.expires {
            None => None,
            Some(expires) => Some(expires.after(operator.now().await?).ok_or_else(|| {
                Failure::Refused(
                    "--expires is past, or beyond the year 9999; name a moment to come".to_owned(),
                )
            })?),
        };
        let scope = self.instance.map_or(Scope::Account, Scope::Instance);
        let request = TokenRequest {
            account: &self.account,
            scope: &scope,
            per_minute: self.per_minute,
            note: self.note.as_deref(),
            valid_until,
        };
        let issued = operator.issue_token(&request).await?;
        let printed = Printed {
            token: issued.secret.to_string(),
            account: self.account.to_string(),
            listed: json::Token {
                id: issued.id.clone(),
                instance: super::instance(&scope).map(str::to_owned),
                per_minute: self.per_minute,
                note: self.note,
                created_at: Some(moment::shown(issued.at)),
                expires_at: valid_until.map(moment::shown),
            },
        };
        let shown = if self.format.json {
            output::json_in_full(&printed)
        } else {
            output::raw_in_full(&issued.secret)
        };
        shown.map_err(|why| {
            Failure::Refused(format!(
                "token {id} is issued, and its secret could not be handed over ({why}); take it \
                 back: `leavectl token revoke {names}`",
                id = issued.id,
                names = shell::words(&[self.account.as_str(), &issued.id])
            ))
        })?;
        let whom = match &scope {
            Scope::Account => format!("every instance of account {}", self.account),
            Scope::Instance(name) => format!("instance {}/{name} alone", self.account),
        };
        let requests = match self.per_minute {
            1 => "1 request".to_owned(),
            more => format!("{more} requests"),
        };
        let end = match valid_until {
            Some(at) => format!("until {}", moment::shown(at)),
            None => "until it is revoked".to_owned(),
        };
        output::note(&format!(
            "This is token {}, for {whom}, {requests} a minute, {end}. It is not shown again: keep \
             it now.",
            issued.id
        ));
        Ok(())
    }
}
