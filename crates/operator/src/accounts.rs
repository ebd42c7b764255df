//! Accounts: whom instances and tokens belong to.
//!
//! The function never reads an account's item: a token names its account. The item
//! is there so that a mistyped id is refused, and so that accounts can be listed.
//! Its id is not in an attribute named `account`, which would put it into the index.

use std::collections::HashMap;

use leave_group::clock::UnixMillis;
use leave_group::table::{Attributes, Corrupt, Item, keys, number, text};
use leave_group::tenant::AccountId;

use crate::writes::{self, Condition};
use crate::{Operator, OperatorError, patience};

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

impl Operator {
    /// Makes an account.
    ///
    /// # Errors
    /// [`OperatorError::AccountExists`], or the table's.
    pub async fn create_account(
        &self,
        id: &AccountId,
        note: Option<&str>,
    ) -> Result<Account, OperatorError> {
        let account =
            Account { id: id.clone(), note: note.map(str::to_owned), created: self.now() };
        let put = self.put(account.item(), Some(&Condition::is_new()))?;
        match self.write(vec![put]).await? {
            Ok(()) => Ok(account),
            Err(_) => Err(OperatorError::AccountExists(id.clone())),
        }
    }

    /// Every account, by id.
    ///
    /// # Errors
    /// The table's.
    pub async fn accounts(&self) -> Result<Vec<Account>, OperatorError> {
        let items = self.table.list(keys::ACCOUNTS, keys::ACCOUNT_PREFIX, patience()).await?;
        items.iter().map(Account::read).collect()
    }

    /// One account.
    ///
    /// # Errors
    /// [`OperatorError::NoAccount`], or the table's.
    pub async fn account(&self, id: &AccountId) -> Result<Account, OperatorError> {
        let item = self.table.get(&keys::account(id), patience()).await?;
        Account::read(&item.ok_or_else(|| OperatorError::NoAccount(id.clone()))?)
    }

    /// Deletes an account and its tokens. One that has instances is left alone:
    /// each of them has a device to be unlinked.
    ///
    /// Returns how many tokens went with it.
    ///
    /// # Errors
    /// [`OperatorError::AccountInUse`], [`OperatorError::NoAccount`], or the table's.
    pub async fn delete_account(&self, id: &AccountId) -> Result<usize, OperatorError> {
        self.account(id).await?;
        let instances = self.instances(Some(id)).await?;
        if !instances.is_empty() {
            let instances = instances.into_iter().map(|found| found.id.name.to_string()).collect();
            return Err(OperatorError::AccountInUse { account: id.clone(), instances });
        }
        let tokens = self.of_account(id, keys::TOKEN_PREFIX).await?;
        let keys = tokens.iter().map(writes::key).collect::<Result<Vec<_>, _>>()?;
        self.delete_all(keys).await?;
        self.delete_all(vec![keys::account(id)]).await?;
        Ok(tokens.len())
    }
}

impl Account {
    /// The item, as it is stored.
    pub fn item(&self) -> Attributes {
        let key = keys::account(&self.id);
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

    fn read(item: &Attributes) -> Result<Self, OperatorError> {
        let item = Item(item);
        Ok(Self {
            id: item.text("account_id")?.parse().map_err(|_| Corrupt("account_id"))?,
            note: item.optional_text("note").map(str::to_owned),
            created: UnixMillis(item.number("created_at")?),
        })
    }
}
