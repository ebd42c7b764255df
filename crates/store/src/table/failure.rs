//! How a call to DynamoDB fails, for those who must decide what to answer.
//!
//! A variant is a situation, and its text has a code or our own words: never what
//! DynamoDB wrote beside the code, and never an item.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::problem::Problem;

use super::item::Corrupt;

/// A call that brought no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No connection came about.
    Unreachable,
    /// The last attempt got no answer in its time.
    TimedOut,
    /// The budget ended before an answer came.
    OutOfTime,
    /// What came is no answer of DynamoDB's.
    Unreadable,
    /// There is no such table.
    NoSuchTable,
    /// DynamoDB does not let us, by who we are.
    Denied(Code),
    /// Throttled, or a fault of DynamoDB's, by its code.
    Failed(Code),
    /// Another transaction was at the same items, and again each time.
    Conflict,
    /// Somebody else has the lease by now: nothing was written.
    LeaseLost,
    /// What was to be written or read came to no end; says what.
    Endless(&'static str),
    /// DynamoDB will never do this call: an expression that does not fit the item, say.
    Refused(Code),
    /// The call could not be built.
    NotBuilt,
    /// The machine has no randomness.
    NoRandomness,
    /// An item is not what it should be.
    Corrupt(Corrupt),
}

/// An error's code, as DynamoDB gives it. Nothing but letters, digits and a few signs,
/// and short: it can hold no item.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Box<str>);

/// Longest code, in characters. DynamoDB's longest has 40; a transaction's are a list.
const LONGEST_CODE: usize = 120;

impl Code {
    /// What of `text` a code can be.
    pub(crate) fn of(text: &str) -> Self {
        let is_a_codes = |letter: &char| letter.is_ascii_alphanumeric() || "._,#".contains(*letter);
        let shown: String = text.chars().take_while(is_a_codes).take(LONGEST_CODE).collect();
        Self(if shown.is_empty() { "unknown".into() } else { shown.into() })
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why();
        match self {
            Self::Refused(_) | Self::NotBuilt | Self::NoRandomness => {
                write!(f, "storage refused the call: {why}")
            }
            Self::Corrupt(corrupt) => write!(f, "{corrupt}"),
            Self::Unreachable
            | Self::TimedOut
            | Self::OutOfTime
            | Self::Unreadable
            | Self::NoSuchTable
            | Self::Denied(_)
            | Self::Failed(_)
            | Self::Conflict
            | Self::LeaseLost
            | Self::Endless(_) => write!(f, "storage is unavailable: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<Corrupt> for StoreError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unreachable
            | StoreError::TimedOut
            | StoreError::OutOfTime
            | StoreError::Unreadable
            | StoreError::NoSuchTable
            | StoreError::Denied(_)
            | StoreError::Failed(_)
            | StoreError::Conflict
            | StoreError::LeaseLost
            | StoreError::Endless(_) => Self::Unavailable,
            StoreError::Refused(_)
            | StoreError::NotBuilt
            | StoreError::NoRandomness
            | StoreError::Corrupt(_) => Self::Internal,
        }
    }
}

/// The error code that says that no such table is there.
const NO_TABLE: &str = "ResourceNotFoundException";
/// Error codes about who asks. Source: `DynamoDB`'s list of common errors.
const DENIALS: [&str; 6] = [
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
];
/// Error codes of a request that DynamoDB understood and will never do.
const REFUSALS: [&str; 3] =
    ["ValidationException", "SerializationException", "ItemCollectionSizeLimitExceededException"];

impl StoreError {
    /// Sorts an SDK error.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(service) => match service.err().code().unwrap_or("unknown") {
                NO_TABLE => Self::NoSuchTable,
                code if DENIALS.contains(&code) => Self::Denied(Code::of(code)),
                code if REFUSALS.contains(&code) => Self::Refused(Code::of(code)),
                code => Self::Failed(Code::of(code)),
            },
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(_) => Self::Unreachable,
            SdkError::ResponseError(_) => Self::Unreadable,
            _ => Self::NotBuilt,
        }
    }

    /// Whether a write that ended so may have been applied all the same.
    pub fn leaves_open(&self) -> bool {
        match self {
            Self::Unreachable
            | Self::TimedOut
            | Self::OutOfTime
            | Self::Unreadable
            | Self::Failed(_)
            | Self::Conflict
            | Self::LeaseLost
            | Self::Endless(_) => true,
            Self::NoSuchTable
            | Self::Denied(_)
            | Self::Refused(_)
            | Self::NotBuilt
            | Self::NoRandomness
            | Self::Corrupt(_) => false,
        }
    }

    /// The reason alone: a code, or our words for what happened.
    pub fn why(&self) -> &str {
        match self {
            Self::Unreachable => "cannot connect",
            Self::TimedOut => "timed out",
            Self::OutOfTime => "no time left",
            Self::Unreadable => "unreadable reply",
            Self::NoSuchTable => NO_TABLE,
            Self::Denied(code) | Self::Failed(code) | Self::Refused(code) => code.as_str(),
            Self::Conflict => "another transaction was at the same items",
            Self::LeaseLost => "the lease was taken over",
            Self::Endless(what) => what,
            Self::NotBuilt => "the call could not be built",
            Self::NoRandomness => "no randomness",
            Self::Corrupt(Corrupt(attribute)) => attribute,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[test]
    fn a_code_decides_what_a_failed_call_means() {
        let of = |code: &str| {
            let meta = ErrorMetadata::builder().code(code).build();
            StoreError::of(&SdkError::service_error(UpdateItemError::generic(meta), ()))
        };
        assert_eq!(of("ResourceNotFoundException"), StoreError::NoSuchTable);
        assert!(matches!(of("AccessDeniedException"), StoreError::Denied(_)));
        assert!(matches!(of("ValidationException"), StoreError::Refused(_)));
        let throttled = of("ThrottlingException");
        assert_eq!(throttled.to_string(), "storage is unavailable: ThrottlingException");
        assert!(throttled.leaves_open() && !of("ValidationException").leaves_open());
        assert_eq!(Problem::from(&throttled), Problem::Unavailable);
        assert_eq!(Problem::from(&of("ValidationException")), Problem::Internal);
    }
}
