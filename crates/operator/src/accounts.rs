//! Accounts: whom instances and tokens belong to.
//!
//! Why there is a row for one: [`store::rows::account`].

use domain::tenant::AccountId;
use store::rows::account;

use crate::{Operator, OperatorError, PATIENCE, patience};

pub use store::rows::account::Account;

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
        match self.table.write(vec![account::put_new(&account)], PATIENCE).await {
            Ok(Ok(())) => Ok(account),
            Ok(Err(_)) => Err(OperatorError::AccountExists(id.clone())),
            // Made at this very moment with this very note: it is this one.
            Err(error) if error.leaves_open() => match self.account(id).await {
                Ok(there) if there == account => Ok(account),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Every account, by id.
    ///
    /// # Errors
    /// The table's.
    pub async fn accounts(&self) -> Result<Vec<Account>, OperatorError> {
        Ok(self.table.accounts(patience()).await?)
    }

    /// One account.
    ///
    /// # Errors
    /// [`OperatorError::NoAccount`], or the table's.
    pub async fn account(&self, id: &AccountId) -> Result<Account, OperatorError> {
        let account = self.table.account(id, patience()).await?;
        account.ok_or_else(|| OperatorError::NoAccount(id.clone()))
    }

    /// One account that something new can belong to.
    ///
    /// # Errors
    /// [`OperatorError::AccountClosing`], [`OperatorError::NoAccount`], or the table's.
    pub async fn open_account(&self, id: &AccountId) -> Result<(), OperatorError> {
        match self.table.is_account_open(id, patience()).await? {
            None => Err(OperatorError::NoAccount(id.clone())),
            Some(false) => Err(OperatorError::AccountClosing(id.clone())),
            Some(true) => Ok(()),
        }
    }

    /// Looks whether an account could be deleted now; [`Self::delete_account`] looks for
    /// itself again. Returns how many tokens would go with it.
    ///
    /// # Errors
    /// [`OperatorError::AccountInUse`], [`OperatorError::NoAccount`], or the table's.
    pub async fn deletable_account(&self, id: &AccountId) -> Result<usize, OperatorError> {
        self.account(id).await?;
        self.has_no_instances(id).await?;
        Ok(self.table.tokens_of(id).await?.len())
    }

    async fn has_no_instances(&self, id: &AccountId) -> Result<(), OperatorError> {
        let mut instances = Vec::new();
        for session in &self.table.sessions_of(id).await? {
            instances.push(session.id()?.name.to_string());
        }
        if instances.is_empty() {
            return Ok(());
        }
        instances.sort();
        Err(OperatorError::AccountInUse { account: id.clone(), instances })
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
        let close = account::close(id, self.now().await?);
        if self.table.write(vec![close], PATIENCE).await?.is_err() {
            return Err(OperatorError::NoAccount(id.clone()));
        }
        if let Err(in_use) = self.has_no_instances(id).await {
            let _ = self.table.write(vec![account::reopen(id)], PATIENCE).await?;
            return Err(in_use);
        }
        let tokens = self.table.tokens_of(id).await?;
        self.delete_all(&tokens).await?;
        let _ = self.table.write(vec![account::delete(id)], PATIENCE).await?;
        Ok(tokens.len())
    }
}
