//! Answers kept for an `Idempotency-Key`.

use super::attempt::Attempt;
use super::verdict::Verdict;
use super::{Left, speak};
use crate::answer;
use crate::clock::Budget;
use crate::identifier::Identifier;
use crate::order::Order;
use crate::problem::Problem;
use crate::service::Service;
use crate::session::{Keep, Kept, KeptAnswer};

/// The answer that is kept for this request. Without a key nothing is read.
pub(super) async fn kept(
    service: &Service,
    order: &Order,
    wanted: &[&Identifier],
    budget: Budget,
) -> Result<Option<KeptAnswer>, Problem> {
    let (Some(key), [identifier]) = (order.idempotency(), wanted) else {
        return Ok(None);
    };
    match service.sessions.kept(order.instance(), key, identifier, budget).await {
        Ok(None) => Ok(None),
        Ok(Some(Kept::Answer(answer))) => Ok(Some(answer)),
        Ok(Some(Kept::OtherRequest)) => Err(Problem::IdempotencyKeyReused),
        Err(error) => Err(Problem::from(&error)),
    }
}

/// The answer to keep: the first that is settled, and final.
pub(super) fn keep<'a>(
    order: &'a Order,
    wanted: &[&'a Identifier],
    attempt: &Attempt,
) -> Option<Keep<'a>> {
    let (Some(key), [identifier], [verdict]) =
        (order.idempotency(), wanted, attempt.verdicts.as_slice())
    else {
        return None;
    };
    let result = match verdict {
        // Kept in the very transaction that settles it.
        Verdict::Recovered { evidence, .. } => {
            Ok(Left { group: evidence.jid().clone(), recovered: true })
        }
        Verdict::NotMember { .. } => Err(Problem::NotMember),
        other => speak(other, None),
    };
    if attempt.kept.is_some() || result.as_ref().is_err_and(|problem| problem.is_retryable()) {
        return None;
    }
    let (status, body) =
        answer::render(result.as_ref().map(Left::group).map_err(|problem| *problem));
    Some(Keep { key, identifier, answer: KeptAnswer { status, body } })
}
