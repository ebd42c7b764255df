//! Tokens as operators see them: issued once, listed, revoked, given to another name.

use domain::clock::{Budget, UnixMillis};
use domain::tenant::{AccountId, InstanceId, InstanceName};
use domain::token::Scope;
use domain::token::TokenHash;

use super::{NewToken, ends, scope};
use crate::table::{
    Action, Attributes, Condition, Corrupt, Item, StoreError, Table, key_of, keys, text,
};

/// A token as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSummary {
    /// Its id, which is no secret.
    pub id: String,
    /// What it acts for.
    pub scope: Scope,
    /// Requests in a minute.
    pub per_minute: u64,
    /// What people recognise it by.
    pub note: Option<String>,
    /// When it was issued.
    pub issued: Option<UnixMillis>,
    /// When it ends by itself.
    pub valid_until: Option<UnixMillis>,
}

/// A token's row, also one that cannot be read.
pub struct StoredToken(Attributes);

impl std::fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredToken({})", self.id())
    }
}

/// Writes a token that is not there yet.
pub fn put_new(token: &NewToken<'_>) -> Action {
    Action::put_if(token.item(), Condition::is_new())
}

impl StoredToken {
    /// Its id; empty when it has none.
    pub fn id(&self) -> &str {
        Item(&self.0).optional_text("token_id").unwrap_or_default()
    }

    /// What a list shows.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn summary(&self) -> Result<TokenSummary, Corrupt> {
        let item = Item(&self.0);
        let scope = scope(item)?;
        Ok(TokenSummary {
            id: item.text("token_id")?.to_owned(),
            scope,
            per_minute: item.number("max_rpm")?,
            note: item.optional_text("note").map(str::to_owned),
            issued: item.optional_number("created_at").map(UnixMillis),
            valid_until: ends(item),
        })
    }

    /// Deletes it: the next request with it is 401.
    ///
    /// # Errors
    /// [`Corrupt`] when it has no key.
    pub fn delete(&self) -> Result<Action, Corrupt> {
        Ok(Action::delete(key_of(Item(&self.0))?))
    }

    /// Makes it act for `new` in place of `old`, if it acts for that still.
    ///
    /// # Errors
    /// [`Corrupt`] when it has no key.
    pub fn give(&self, old: &InstanceName, new: &str) -> Result<Action, Corrupt> {
        let is_its = Condition::new("#instance = :old")
            .name("#instance", "instance")
            .value(":old", text(old.as_str()))
            .value(":new", text(new));
        Ok(Action::change(key_of(Item(&self.0))?, "SET #instance = :new", is_its))
    }
}

impl Table {
    /// Whether a token is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_token(&self, hash: TokenHash, budget: Budget) -> Result<bool, StoreError> {
        Ok(self.get(&keys::token(hash), budget).await?.is_some())
    }

    /// The token of `account` that has this hash, read from the table itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token(
        &self,
        hash: TokenHash,
        account: &AccountId,
        budget: Budget,
    ) -> Result<Option<StoredToken>, StoreError> {
        let found = self.get(&keys::token(hash), budget).await?.map(StoredToken);
        Ok(found.filter(|it| Item(&it.0).optional_text("account") == Some(account.as_str())))
    }

    /// The tokens of an account, as its index has them: it follows the table by a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listed_tokens(&self, account: &AccountId) -> Result<Vec<StoredToken>, StoreError> {
        let items = self.of_account(account, keys::TOKEN_PREFIX).await?;
        Ok(items.into_iter().map(StoredToken).collect())
    }

    /// The tokens of an account, read from the table itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens_of(&self, account: &AccountId) -> Result<Vec<StoredToken>, StoreError> {
        let items = self.scan_of(account, keys::TOKEN).await?;
        Ok(items.into_iter().map(StoredToken).collect())
    }

    /// The tokens that act for one instance alone, read from the table itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_tokens_of(
        &self,
        instance: &InstanceId,
    ) -> Result<Vec<StoredToken>, StoreError> {
        let mut tokens = self.tokens_of(&instance.account).await?;
        tokens.retain(|token| {
            let item = Item(&token.0);
            item.optional_text("kind") == Some("instance")
                && item.optional_text("instance") == Some(instance.name.as_str())
        });
        Ok(tokens)
    }
}
