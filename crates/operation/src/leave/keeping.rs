//! Which answers are kept for an `Idempotency-Key`: those that are settled and final.

use domain::group::GroupJid;
use domain::idempotency::IdempotencyKey;
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::session::Keep;

use super::verdict::{Named, Verdict};
use super::{Left, progress::Progress, speak};
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
        Named::Group(jid) => of_group(&jid, &progress.verdict(&jid))?,
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
fn of_group(jid: &GroupJid, verdict: &Verdict) -> Option<Result<Left, Problem>> {
    match verdict {
        Verdict::Recovered { .. } => Some(Ok(Left { group: jid.clone(), recovered: true })),
        Verdict::NotMember => Some(Err(Problem::NotMember)),
        Verdict::Confirmed { .. } | Verdict::Refused { .. } => Some(speak(verdict, None)),
        Verdict::Unconfirmed | Verdict::NothingDone { .. } => None,
    }
}
