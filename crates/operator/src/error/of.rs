//! What the table, the seal, the lease and WhatsApp say, as an operator's error.

use domain::tenant::InstanceId;
use store::seal::SealError;
use store::session::{AcquireError, SettleError};
use store::table::{Corrupt, StoreError};
use whatsapp::Failure;

use super::OperatorError;

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchTable => Self::NoTable,
            StoreError::Denied(code) => Self::Denied(code),
            StoreError::Unreachable | StoreError::TimedOut | StoreError::OutOfTime => {
                Self::Unreachable(error)
            }
            StoreError::Refused(_) | StoreError::NotBuilt | StoreError::NoRandomness => {
                Self::Misfit(error)
            }
            StoreError::Corrupt(corrupt) => Self::Corrupt(corrupt),
            StoreError::Unreadable
            | StoreError::Failed(_)
            | StoreError::Conflict
            | StoreError::LeaseLost
            | StoreError::Endless(_) => Self::Store(error),
        }
    }
}

impl From<SealError> for OperatorError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) => error.into(),
            SealError::KeyService(why) => Self::KeyService(why),
            error => Self::Seal(error),
        }
    }
}

impl From<Corrupt> for OperatorError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<Failure> for OperatorError {
    fn from(failure: Failure) -> Self {
        Self::WhatsApp(failure)
    }
}

impl OperatorError {
    /// Why `instance` could not be leased.
    pub(crate) fn of_acquire(instance: &InstanceId, error: AcquireError) -> Self {
        match error {
            AcquireError::NotFound => Self::NoInstance(instance.clone()),
            AcquireError::NotConnected(gone) => {
                Self::NotConnected { instance: instance.clone(), gone }
            }
            AcquireError::Blocked { reason, left } => {
                Self::Blocked { instance: instance.clone(), reason, left }
            }
            // The latter is for who adds intents, which nobody here does.
            AcquireError::Busy { left, .. } | AcquireError::TooManyOpen { left } => {
                Self::Busy { instance: instance.clone(), left }
            }
            AcquireError::Store(error) => error.into(),
        }
    }

    pub(crate) fn of_settle(instance: &InstanceId, error: SettleError) -> Self {
        match error {
            SettleError::Fenced => Self::LeaseExpired(instance.clone()),
            SettleError::Store(error) => error.into(),
        }
    }
}
