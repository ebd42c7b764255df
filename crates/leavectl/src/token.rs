//! `leavectl token`: what callers present.

pub(crate) mod issue;
pub(crate) mod list;
pub(crate) mod revoke;

use clap::Subcommand;
use domain::token::Scope;

use crate::failure::Failure;

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
