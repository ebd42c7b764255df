//! Several writes at once, asked for until their outcome is known.

use std::time::Duration;

use domain::clock::Budget;

use super::action::Action;
use super::cancelled::Cancelled;
use super::client::Table;
use super::failure::StoreError;
use super::found::Refused;
use crate::random::random;

/// How often a write is asked for whose reply is lost. Each time the SDK tries thrice.
const ROUNDS: usize = 3;

impl Table {
    /// All of `actions`, or the first whose condition failed. Where no reply comes in
    /// `patience`, the same write is asked for again: by its token it is done once, and
    /// told as it was.
    ///
    /// # Errors
    /// [`StoreError`]. With [`StoreError::leaves_open`] it may have been written.
    pub async fn write(
        &self,
        actions: Vec<Action>,
        patience: Duration,
    ) -> Result<Result<(), Refused>, StoreError> {
        let token = new_token()?;
        let mut round = 1;
        loop {
            match self.transact(&token, actions.clone(), Budget::of(patience)).await {
                Ok(written) => return told(written),
                Err(error) if error.leaves_open() && round < ROUNDS => round += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The same, asked for once.
    ///
    /// # Errors
    /// [`StoreError`]. With [`StoreError::leaves_open`] it may have been written.
    pub async fn write_once(
        &self,
        actions: Vec<Action>,
        budget: Budget,
    ) -> Result<Result<(), Refused>, StoreError> {
        told(self.transact(&new_token()?, actions, budget).await?)
    }
}

fn told(written: Result<(), Cancelled>) -> Result<Result<(), Refused>, StoreError> {
    match written {
        Ok(()) => Ok(Ok(())),
        Err(Cancelled::Condition(refused)) => Ok(Err(refused)),
        Err(cancelled) => Err(cancelled.into()),
    }
}

/// By which a repeated write is known as the same.
fn new_token() -> Result<String, StoreError> {
    Ok(hex::encode(random::<16>()?))
}
