//! Nothing is acquired by a clock that was not compared with DynamoDB's: a machine
//! that is half a minute ahead would take leases that still last.

use domain::clock::{Budget, Clock, UnixMillis};

use super::Sessions;
use crate::table::{StoreError, keys};

/// How often the time is asked for: a `Date` that was long on its way says nothing.
const ATTEMPTS: usize = 3;

/// A clock that was compared. The only way to the time that leases are written in.
pub(super) struct Compared<'a>(&'a dyn Clock);

impl Compared<'_> {
    /// Now.
    pub(super) fn now(&self) -> UnixMillis {
        self.0.now()
    }
}

impl Sessions {
    /// Now, by a clock that was compared with DynamoDB's.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB's time cannot be had.
    pub async fn now(&self, budget: Budget) -> Result<UnixMillis, StoreError> {
        Ok(self.compared(budget).await?.now())
    }

    /// The clock, after one read where nothing was heard of DynamoDB's yet. Requests
    /// have heard it at the gate, and read nothing here.
    pub(super) async fn compared(&self, budget: Budget) -> Result<Compared<'_>, StoreError> {
        for _ in 0..ATTEMPTS {
            if self.clock.is_compared() {
                break;
            }
            self.table.get(&keys::current_data_key(), budget).await?;
        }
        if self.clock.is_compared() {
            Ok(Compared(self.clock.as_ref()))
        } else {
            Err(StoreError::Endless("its time is not known"))
        }
    }
}
