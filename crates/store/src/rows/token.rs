//! A token, by its hash: what it acts for, how often, and until when. Its counter is the
//! gate's own ([`crate::gate`]).

#[cfg(feature = "operator")]
mod stored;

use std::collections::HashMap;

use domain::clock::UnixMillis;
use domain::tenant::{AccountId, InstanceName};
use domain::token::TokenHash;

use crate::table::{Action, Attributes, Corrupt, Item, keys, number, text};
use domain::token::Scope;

#[cfg(feature = "operator")]
pub use stored::{StoredToken, TokenSummary, put_new};

/// How long the item of a token that has ended is kept for lists, in seconds: 30 days.
const KEPT_AFTER_ITS_END: u64 = 30 * 24 * 60 * 60;

/// A token to be put into the table. Its secret is not in it.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The secret's hash.
    pub hash: TokenHash,
    /// Whose it is.
    pub account: &'a AccountId,
    /// What it acts for.
    pub scope: &'a Scope,
    /// Requests in a minute, at least 1.
    pub limit: u64,
    /// What it is called when it is listed or revoked. Not secret.
    pub id: &'a str,
    /// What people recognise it by.
    pub note: Option<&'a str>,
    /// When it was issued.
    pub issued: UnixMillis,
    /// When it ends by itself.
    pub valid_until: Option<UnixMillis>,
}

/// Writes a token, whatever is there.
pub fn put(token: &NewToken<'_>) -> Action {
    Action::put(token.item())
}

impl NewToken<'_> {
    /// The item. `win` begins at 0: a comparison with a missing attribute would
    /// be false for ever.
    fn item(&self) -> Attributes {
        let key = keys::token(self.hash);
        let mut item = HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("account".to_owned(), text(self.account.as_str())),
            ("max_rpm".to_owned(), number(self.limit.max(1))),
            ("win".to_owned(), number(0)),
            ("token_id".to_owned(), text(self.id)),
            ("created_at".to_owned(), number(self.issued.0)),
        ]);
        match self.scope {
            Scope::Account => {
                item.insert("kind".to_owned(), text("account"));
            }
            Scope::Instance(name) => {
                item.insert("kind".to_owned(), text("instance"));
                item.insert("instance".to_owned(), text(name.as_str()));
            }
        }
        if let Some(note) = self.note {
            item.insert("note".to_owned(), text(note));
        }
        if let Some(until) = self.valid_until {
            item.insert("valid_until".to_owned(), number(until.0));
            item.insert("expires_at".to_owned(), number(until.seconds() + KEPT_AFTER_ITS_END));
        }
        item
    }
}

/// Whose a token is. What it holds was written by us.
pub(crate) fn account(item: Item<'_>) -> Result<AccountId, Corrupt> {
    item.text("account")?.parse().map_err(|_| Corrupt("account"))
}

/// What a token acts for.
pub(crate) fn scope(item: Item<'_>) -> Result<Scope, Corrupt> {
    match item.text("kind")? {
        "account" => Ok(Scope::Account),
        "instance" => {
            let name = InstanceName::of_stored(item.text("instance")?);
            Ok(Scope::Instance(name.map_err(|_| Corrupt("instance"))?))
        }
        _ => Err(Corrupt("kind")),
    }
}

/// When a token ends by itself, in milliseconds of the Unix epoch.
pub(crate) fn ends(item: Item<'_>) -> Option<UnixMillis> {
    item.optional_number("valid_until").map(UnixMillis)
}
