//! `leavectl token revoke`.

use clap::Args;
use domain::tenant::{AccountId, InstanceName};
use domain::token::{Scope, Token};
use operator::tokens::{Revoked, TokenSummary};
use serde::Serialize;

use crate::confirm::Consent;
use crate::failure::Failure;
use crate::output::{Format, printable};
use crate::{json, place, stdin};

/// Revoke a token: the next request with it is refused
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl token revoke acme tok_k3b5qvx2ma
  leavectl token revoke acme tok_k3b --yes
  leavectl token revoke acme - < leaked-token.txt

A beginning of an id asks first. A secret is found by its hash and shown nowhere; better give
it on standard input than on a command line, which others can see.")]
pub(crate) struct Revoke {
    /// The account
    account: AccountId,
    /// The token's id, a beginning that only one id has, or its secret; - reads it from stdin
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    id: String,
    /// Only if it is for this instance alone
    #[arg(long, value_name = "NAME", value_parser = InstanceName::of_stored)]
    instance: Option<InstanceName>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints: the token that is revoked.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The account's id.
    account: String,
    /// The token, as it was listed.
    #[serde(flatten)]
    token: json::Token,
}

impl Revoke {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let wanted = wanted(self.id)?;
        let operator = place::operator().await?;
        let found = operator.token(&self.account, &wanted).await?;
        if self.instance.is_some_and(|name| found.scope != Scope::Instance(name)) {
            return Err(Failure::Meant(format!("{} is not for that instance", found.id)));
        }
        let wanted = match wanted {
            // What was shown is what goes: another token may have that beginning by now.
            Revoked::Id(id) if found.id != id => {
                self.consent.ask(&format!("{} is to be revoked.", told(&self.account, &found)))?;
                Revoked::Id(found.id)
            }
            exact => exact,
        };
        let revoked = operator.revoke_token(&self.account, &wanted).await?;
        let text = format!("Token {} is revoked.", revoked.id);
        let token = json::Token::from(&revoked);
        self.format.show(&Printed { account: self.account.to_string(), token }, &text)
    }
}

/// An id looks like one; anything else may be a secret, and is never repeated.
fn wanted(given: String) -> Result<Revoked, Failure> {
    let given = if given == stdin::MARK { stdin::line("the token")?.to_string() } else { given };
    if is_id(given.trim()) {
        return Ok(Revoked::Id(given.trim().to_owned()));
    }
    Token::new(given.trim()).map(Revoked::Secret).map_err(|_| {
        Failure::Meant(
            "that is neither the id of a token, like tok_k3b5qvx2ma, nor a secret; `leavectl token \
             list ACCOUNT` shows the ids"
                .to_owned(),
        )
    })
}

/// `tok_` and ten letters or digits, or a beginning of that. All else may be a piece of a
/// secret.
fn is_id(text: &str) -> bool {
    const PREFIX: &str = "tok_";
    let is_rest = |rest: &str| {
        rest.len() <= 10 && rest.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    };
    match text.strip_prefix(PREFIX) {
        Some(rest) => is_rest(rest),
        None => !text.is_empty() && PREFIX.starts_with(text),
    }
}

fn told(account: &AccountId, token: &TokenSummary) -> String {
    let whom = match &token.scope {
        Scope::Account => format!("every instance of account {account}"),
        Scope::Instance(name) => format!("instance {account}/{name}"),
    };
    let note = token.note.as_deref().map(|note| format!(" ({})", printable(note)));
    format!("Token {}{}, for {whom},", token.id, note.unwrap_or_default())
}
