//! An invocation that is not answered, but fails: its one line in the log, and the
//! name by which Step Functions and the like tell such errors apart.

use domain::problem::Problem;
use lambda_runtime::Diagnostic;
use store::table::StoreError;

use crate::log::shortened;

/// A command, for those whose own is none.
const COMMAND: &str = r#"{"action":"leave","account":"acme","instance":"sales","identifiers":["120363406289005073@g.us"]}"#;
/// The other command.
const CHECK: &str = r#"{"action":"check"}"#;

/// An event that is not answered, but refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is no JSON.
    #[error("unknown event: {0}")]
    NotJson(String),
    /// It is of no kind that this function serves.
    #[error(
        "unknown event: expected an HTTP request of API Gateway (REST or HTTP API), \
         of an Application Load Balancer or of a Function URL, a batch of SQS messages, \
         or a command like {COMMAND} or {CHECK}"
    )]
    Unknown,
    /// A command that cannot be read.
    #[error("{0}; expected one like {COMMAND} or {CHECK}")]
    Command(String),
    /// The sessions to check cannot be listed. The next scheduled check tries again.
    #[error("the sessions that are due cannot be listed: {0}")]
    Due(#[from] StoreError),
    /// A fault of our own.
    #[error("internal error")]
    Panicked,
}

impl EntryError {
    /// Its name towards Lambda: `errorType`. One of these, documented in
    /// `docs/events.md`: `UnknownEvent`, `InvalidCommand`, `StorageUnavailable`,
    /// `InternalError`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::Unknown => "UnknownEvent",
            Self::Command(_) => "InvalidCommand",
            Self::Due(error) if Problem::from(error) == Problem::Unavailable => {
                "StorageUnavailable"
            }
            Self::Due(_) | Self::Panicked => "InternalError",
        }
    }

    /// Writes the invocation's line.
    pub(super) fn log(&self, request_id: &str) {
        let reason = self.to_string();
        tracing::error!(
            requestId = %shortened(request_id),
            errorType = self.error_type(),
            reason = %shortened(&reason),
            "the invocation failed"
        );
    }
}

impl From<EntryError> for Diagnostic {
    fn from(error: EntryError) -> Self {
        Self {
            error_type: error.error_type().to_owned(),
            error_message: shortened(&error.to_string()).into_owned(),
        }
    }
}
