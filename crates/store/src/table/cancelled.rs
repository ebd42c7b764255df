//! Why a transaction was cancelled. DynamoDB hands items over with the reasons; no text
//! of ours has one.

use aws_sdk_dynamodb::types::CancellationReason;

use super::failure::{Code, StoreError};
use super::found::{Found, Refused};

/// Why a transaction was cancelled.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// A condition failed.
    Condition(Refused),
    /// Another transaction was at the same items: try again.
    Conflict,
    /// Something else.
    Other(Code),
}

/// The code of a condition that failed.
const CONDITION: &str = "ConditionalCheckFailed";

impl Cancelled {
    pub(super) fn of(reasons: &[CancellationReason]) -> Self {
        for (action, reason) in reasons.iter().enumerate() {
            if reason.code() == Some(CONDITION) {
                return Self::Condition(Refused {
                    action,
                    found: reason.item().cloned().map(Found),
                });
            }
        }
        let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
        let passes = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        if codes.iter().any(|code| passes.contains(code)) {
            return Self::Conflict;
        }
        Self::Other(Code::of(&codes.join(",")))
    }
}

/// For a transaction whose conditions have no other meaning.
impl From<Cancelled> for StoreError {
    fn from(cancelled: Cancelled) -> Self {
        match cancelled {
            Cancelled::Condition(_) => Self::Failed(Code::of(CONDITION)),
            Cancelled::Conflict => Self::Conflict,
            Cancelled::Other(codes) => Self::Failed(codes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::error::SdkError;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    use aws_sdk_dynamodb::types::error::{
        ConditionalCheckFailedException, TransactionCanceledException,
    };
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;
    use crate::table::item::{Attributes, text};

    const SECRET: &str = "5511999990001";

    fn item() -> Attributes {
        HashMap::from([("device_jid".to_owned(), text(SECRET))])
    }

    fn reason(code: &str, item: Option<Attributes>) -> CancellationReason {
        CancellationReason::builder().code(code).set_item(item).message(SECRET).build()
    }

    fn assert_tells_nothing(shown: &str) {
        assert!(!shown.contains(SECRET) && !shown.contains("device_jid"), "{shown}");
    }

    /// Whatever DynamoDB sends beside its code, an item or a message with one, is in no
    /// text of an error: neither for people nor for a log.
    #[test]
    fn no_text_of_an_error_has_an_item() {
        let all = [
            vec![reason("None", None), reason(CONDITION, Some(item()))],
            vec![reason("TransactionConflict", Some(item()))],
            vec![reason("ItemCollectionSizeLimitExceeded", Some(item()))],
            vec![reason(&format!("Odd {SECRET}"), Some(item()))],
        ];
        for reasons in all {
            let cancelled = Cancelled::of(&reasons);
            assert_tells_nothing(&format!("{cancelled:?}"));
            let error = StoreError::from(cancelled);
            assert_tells_nothing(&format!("{error:?} {error}"));
        }
        let refused = Refused { action: 1, found: Some(Found(item())) };
        assert_tells_nothing(&format!("{refused:?}"));

        let meta = |code: &str| ErrorMetadata::builder().code(code).message(SECRET).build();
        let failed = ConditionalCheckFailedException::builder()
            .item("device_jid", text(SECRET))
            .message(SECRET)
            .meta(meta("ConditionalCheckFailedException"))
            .build();
        let cancelled = TransactionCanceledException::builder()
            .cancellation_reasons(reason(CONDITION, Some(item())))
            .message(SECRET)
            .meta(meta("TransactionCanceledException"));
        let odd = UpdateItemError::generic(meta(&format!("Odd, {SECRET} in a code")));
        let errors = [
            StoreError::of(&service(UpdateItemError::ConditionalCheckFailedException(failed))),
            StoreError::of(&service(cancelled.build())),
            StoreError::of(&service(odd)),
        ];
        for error in errors {
            assert_tells_nothing(&format!("{error:?} {error}"));
        }
    }

    fn service<E>(error: E) -> SdkError<E, ()> {
        SdkError::service_error(error, ())
    }
}
