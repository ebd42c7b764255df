//! Which answers are kept for an `Idempotency-Key`: those that are settled and final.

use domain::broken;
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::session::Keep;

use super::left::Left;
use super::progress::Progress;
use super::verdict::{Named, Verdict};
use crate::order::Order;

/// The key of a request, with the one identifier that it is for.
pub(super) fn asked<'a>(
    order: &'a Order,
    wanted: &[&'a Identifier],
) -> Option<(&'a IdempotencyKey, &'a Identifier)> {
    match (order.idempotency(), wanted) {
        (Some(asked), [identifier]) => Some((&asked.key, identifier)),
        _ => None,
    }
}

/// The answer to keep: the first that is settled, if it is a 200, "revoked", "not a
/// member" or "not allowed". Whatever else is said can change: a session that is not
/// connected is linked again.
pub(super) fn keep<'a>(
    order: &'a Order,
    wanted: &[&'a Identifier],
    progress: &Progress,
) -> Option<Keep<'a>> {
    let (key, identifier) = asked(order, wanted)?;
    if progress.kept.is_some() {
        return None;
    }
    let result = match progress.name(identifier) {
        Named::Group(jid) => of_group(&progress.verdict(&jid))?,
        Named::Revoked => Err(Problem::InviteRevoked),
        Named::Nowhere => Err(Problem::NotMember),
        Named::Unknown(_) => return None,
    };
    let render = order.idempotency()?.render;
    let answer = render(result.as_ref().map(Left::group).map_err(|problem| *problem));
    Some(Keep { key, identifier, answer })
}

/// It is kept in the very transaction that settles it, so what is spoken only once it
/// is settled can be kept.
fn of_group(verdict: &Verdict) -> Option<Result<Left, Problem>> {
    match verdict {
        Verdict::Recovered { evidence, .. } => Some(Ok(Left::once_settled(evidence))),
        Verdict::NotMember => Some(Err(Problem::NotMember)),
        Verdict::Confirmed { .. } | Verdict::Refused { .. } => Some(verdict.spoken(None)),
        Verdict::Unconfirmed if broken!(OnlyFinalIsKept) => Some(verdict.spoken(None)),
        Verdict::Unconfirmed | Verdict::NothingDone { .. } => None,
    }
}
