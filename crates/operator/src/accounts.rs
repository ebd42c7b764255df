//! Accounts: whom instances and tokens belong to.
//!
//! The function never reads an account's item: a token names its account. The item
//! is there so that a mistyped id is refused, and so that accounts can be listed.
//! Its id is not in an attribute named `account`, which would put it into the index.

use std::collections::HashMap;

use domain::clock::UnixMillis;
use domain::tenant::AccountId;
use store::table::{Attributes, Corrupt, Item, keys, number, text};

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
        let created = self.now().await?;
        let account = Account { id: id.clone(), note: note.map(str::to_owned), created };
        let put = self.put(account.item(), Some(&Condition::is_new()))?;
        match self.write(vec![put]).await {
            Ok(Ok(())) => Ok(account),
            Ok(Err(_)) => Err(OperatorError::AccountExists(id.clone())),
            // Made at this very moment with this very note: it is this one.
            Err(error) if error.leaves_open() => match self.account(id).await {
                Ok(there) if there == account => Ok(account),
                _ => Err(error),
            },
            Err(error) => Err(error),
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

    /// One account that something new can belong to.
    ///
    /// # Errors
    /// [`OperatorError::AccountClosing`], [`OperatorError::NoAccount`], or the table's.
    pub async fn open_account(&self, id: &AccountId) -> Result<(), OperatorError> {
        match self.table.get(&keys::account(id), patience()).await? {
            None => Err(OperatorError::NoAccount(id.clone())),
            Some(account) if account.contains_key("closing") => {
                Err(OperatorError::AccountClosing(id.clone()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Deletes an account and its tokens. One that has instances is left alone:
    /// each of them has a device to be unlinked.
    ///
    /// It is closed first, and while it is nothing new can belong to it; what belongs
    /// to it then is read from the table itself, since the index follows by a moment.
    ///
    /// Returns how many tokens went with it.
    ///
    /// # Errors
    /// [`OperatorError::AccountInUse`], [`OperatorError::NoAccount`], or the table's.
    pub async fn delete_account(&self, id: &AccountId) -> Result<usize, OperatorError> {
        let closing = Condition::exists().value(":now", number(self.now().await?.0));
        let close = self.change(keys::account(id), "SET closing = :now", &closing)?;
        if self.write(vec![close]).await?.is_err() {
            return Err(OperatorError::NoAccount(id.clone()));
        }
        let instances = self.scan_of(id, "SESSION").await?;
        if !instances.is_empty() {
            let open = self.change(keys::account(id), "REMOVE closing", &Condition::exists())?;
            let _ = self.write(vec![open]).await?;
            let name = |item| Ok(writes::owner(item)?.name.to_string());
            let mut instances =
                instances.iter().map(name).collect::<Result<Vec<_>, OperatorError>>()?;
            instances.sort();
            return Err(OperatorError::AccountInUse { account: id.clone(), instances });
        }
        let tokens = self.scan_of(id, "TOKEN").await?;
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
