//! `leavectl token`: what callers present.

mod issue;
mod list;
mod revoke;

use clap::Subcommand;
use domain::token::Scope;
use operator::tokens::TokenSummary;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::moment;

/// Issue, list and revoke tokens
#[derive(Subcommand)]
pub(crate) enum Token {
    Issue(issue::Issue),
    List(list::List),
    Revoke(revoke::Revoke),
}

impl Token {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Issue(issue) => issue.run().await,
            Self::List(list) => list.run().await,
            Self::Revoke(revoke) => revoke.run().await,
        }
    }
}

/// The instance that a token is for; `None` for all of its account.
pub(crate) fn instance(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Account => None,
        Scope::Instance(name) => Some(name.as_str()),
    }
}

/// What a list shows of a token.
pub(crate) fn as_json(token: &TokenSummary) -> Value {
    json!({
        "id": token.id,
        "instance": instance(&token.scope),
        "perMinute": token.per_minute,
        "note": token.note,
        "issuedAt": token.issued.map(moment::shown),
        "expiresAt": token.valid_until.map(moment::shown),
    })
}
