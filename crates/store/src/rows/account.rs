//! An account: whom instances and tokens belong to.
//!
//! The function never reads it: a token names its account. The row is there so that a
//! mistyped id is refused, and so that accounts can be listed. Its id is not in an
//! attribute named `account`, which would put it into the index.

use std::collections::HashMap;

use domain::clock::{Budget, UnixMillis};
use domain::tenant::AccountId;

use crate::table::keys::Key;
use crate::table::{
    Action, Attributes, Condition, Corrupt, Found, Item, StoreError, Table, number, text,
};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What people recognise it by.
    pub note: Option<String>,
    /// When it was made.
    pub created: UnixMillis,
}

/// The partition of all accounts, so that one query lists them.
const PARTITION: &str = "ACCOUNTS";

/// Sort keys of accounts begin with this.
const PREFIX: &str = "ACCOUNT#";

fn key(id: &AccountId) -> Key {
    Key { pk: PARTITION.to_owned(), sk: format!("{PREFIX}{id}") }
}

/// Makes an account that is not there yet.
pub fn put_new(account: &Account) -> Action {
    Action::put_if(account.item(), Condition::is_new())
}

/// Begins to delete it: nothing new can belong to it from now on.
pub fn close(id: &AccountId, now: UnixMillis) -> Action {
    let closing = Condition::exists().value(":now", number(now.0));
    Action::change(key(id), "SET closing = :now", closing)
}

/// Takes that back.
pub fn reopen(id: &AccountId) -> Action {
    Action::change(key(id), "REMOVE closing", Condition::exists())
}

/// Deletes it.
pub fn delete(id: &AccountId) -> Action {
    Action::delete(key(id))
}

/// Fails unless the account is there, and nobody is deleting it.
pub fn is_open(id: &AccountId) -> Action {
    let is_open = Condition::new("attribute_exists(pk) AND attribute_not_exists(closing)");
    Action::check(key(id), is_open)
}

impl Table {
    /// Every account, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self, budget: Budget) -> Result<Vec<Account>, StoreError> {
        let items = self.list(PARTITION, PREFIX, budget).await?;
        Ok(items.iter().map(Account::read).collect::<Result<_, _>>()?)
    }

    /// One account, if it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(
        &self,
        id: &AccountId,
        budget: Budget,
    ) -> Result<Option<Account>, StoreError> {
        let item = self.get(&key(id), budget).await?;
        Ok(item.as_ref().map(Account::read).transpose()?)
    }

    /// Whether something new can belong to an account; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_account_open(
        &self,
        id: &AccountId,
        budget: Budget,
    ) -> Result<Option<bool>, StoreError> {
        let item = self.get(&key(id), budget).await?;
        Ok(item.map(|item| !is_closing(&item)))
    }
}

impl Found {
    /// Whether it is an account that is being deleted.
    pub fn is_closing(&self) -> bool {
        is_closing(&self.0)
    }
}

fn is_closing(item: &Attributes) -> bool {
    item.contains_key("closing")
}

impl Account {
    fn item(&self) -> Attributes {
        let key = key(&self.id);
        let mut item = HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("account_id".to_owned(), text(self.id.as_str())),
            ("created_at".to_owned(), number(self.created.0)),
        ]);
        if let Some(note) = &self.note {
            item.insert("note".to_owned(), text(note.as_str()));
        }
        item
    }

    fn read(item: &Attributes) -> Result<Self, Corrupt> {
        let item = Item(item);
        Ok(Self {
            id: item.text("account_id")?.parse().map_err(|_| Corrupt("account_id"))?,
            note: item.optional_text("note").map(str::to_owned),
            created: UnixMillis(item.number("created_at")?),
        })
    }
}
