//! Calls to DynamoDB, and what becomes of them.

/// What became of a call to DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Applied or refused, and the caller knows.
    Answered,
    /// Applied, and the caller does not know.
    ReplyLost,
    /// Not applied, and the caller does not know.
    RequestLost,
}

/// A write with what may become of it. Losing one that would be refused changes nothing,
/// and neither does losing one where there is nothing to write: these are answered.
pub(crate) fn written<A>(may_be_lost: bool, actions: &mut Vec<A>, action: impl Fn(Delivery) -> A) {
    actions.push(action(Delivery::Answered));
    if may_be_lost {
        actions.push(action(Delivery::ReplyLost));
        actions.push(action(Delivery::RequestLost));
    }
}
