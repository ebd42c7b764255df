//! How a call to DynamoDB fails, for those who must decide what to answer.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use domain::problem::Problem;

use super::item::{Attributes, Corrupt};

/// A call that brought no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Throttled, unreachable, timed out, or a fault of DynamoDB's: the call may
    /// or may not have been applied.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// DynamoDB refused the call for a reason that no retry changes: no such
    /// table, no permission, an expression that does not fit the item.
    #[error("storage refused the call: {0}")]
    Refused(String),
    /// An item is not what it should be.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Refused(_) | StoreError::Corrupt(_) => Self::Internal,
        }
    }
}

/// Error codes of a request that DynamoDB understood and will never do.
const REFUSALS: [&str; 3] =
    ["ValidationException", "SerializationException", "ItemCollectionSizeLimitExceededException"];

impl StoreError {
    /// Sorts an SDK error. The text has the error's code, never an item.
    pub fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("unknown");
                if REFUSALS.contains(&code) {
                    Self::Refused(code.to_owned())
                } else {
                    Self::Unavailable(code.to_owned())
                }
            }
            SdkError::TimeoutError(_) => Self::Unavailable("timed out".to_owned()),
            SdkError::DispatchFailure(_) => Self::Unavailable("cannot connect".to_owned()),
            SdkError::ResponseError(_) => Self::Unavailable("unreadable reply".to_owned()),
            _ => Self::Refused("the call could not be built".to_owned()),
        }
    }

    /// The budget ran out before DynamoDB answered.
    pub fn out_of_time() -> Self {
        Self::Unavailable("no time left".to_owned())
    }
}

/// Why a transaction was cancelled.
#[derive(Debug)]
pub enum Cancelled {
    /// A condition failed; the item of the first such action, as it is.
    Condition {
        /// The action's place in the transaction.
        action: usize,
        /// The item that the condition saw.
        item: Option<Box<Attributes>>,
    },
    /// Another transaction was at the same items: try again.
    Conflict,
    /// Something else.
    Other(String),
}

impl Cancelled {
    pub(crate) fn of(reasons: &[CancellationReason]) -> Self {
        for (action, reason) in reasons.iter().enumerate() {
            if reason.code() == Some("ConditionalCheckFailed") {
                return Self::Condition { action, item: reason.item().cloned().map(Box::new) };
            }
        }
        let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
        let passes = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        if codes.iter().any(|code| passes.contains(code)) {
            return Self::Conflict;
        }
        Self::Other(codes.join(","))
    }
}
