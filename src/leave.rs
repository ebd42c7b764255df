//! The operation: an instance leaves groups, and the answer is true.
//!
//! [`serve`] is the whole of it, top to bottom. Between the lease and its
//! settling nothing returns early: whatever happens in between is a value, and
//! settling always runs. The rules that it keeps, and why: `docs/truth.md`.

mod attempt;
mod depart;
mod keeping;
mod resolve;
mod verdict;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::clock::Budget;
use crate::group::GroupJid;
use crate::identifier::Identifier;
use crate::order::Order;
use crate::problem::Problem;
use crate::service::Service;
use crate::session::{Evidence, KeptAnswer, Settled, Settlement, Standing};
use crate::trace::{Step, Trace};
use crate::whatsapp::Confirmed;
use attempt::{Attempt, Progress};
use verdict::Verdict;

/// Kept back of a run's time for settling and answering.
const SETTLING: Duration = Duration::from_millis(1_500);

/// A group that was left, for certain. The 200.
///
/// Made from WhatsApp's own confirmation, or from evidence of membership and a
/// settlement that was written: "attempted, outcome lost, out now".
///
/// ```compile_fail
/// use leave_group::leave::Left;
/// let forged = Left { group: "120363406289005073@g.us".parse().unwrap(), recovered: false };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    group: GroupJid,
    recovered: bool,
}

impl Left {
    fn confirmed(confirmed: &Confirmed) -> Self {
        Self { group: confirmed.target().clone(), recovered: false }
    }

    fn recovered(evidence: &Evidence, _: &Settled) -> Self {
        Self { group: evidence.jid().clone(), recovered: true }
    }

    /// The group.
    pub fn group(&self) -> &GroupJid {
        &self.group
    }

    /// Whether it was an earlier run's leave, whose outcome was lost.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }
}

/// What came of an order.
#[derive(Debug)]
pub struct Served {
    /// One result for each identifier, in order.
    pub results: Vec<Result<Left, Problem>>,
    /// The answer that was kept for this request's `Idempotency-Key`: it is
    /// given again in place of the results.
    pub kept: Option<KeptAnswer>,
    /// What happened on the way, for the log.
    pub trace: Trace,
}

/// Makes the instance leave.
pub async fn serve(service: &Service, order: &Order, budget: Budget) -> Served {
    let wanted: Vec<&Identifier> = order.identifiers().iter().flatten().collect();
    if wanted.is_empty() {
        return refused(order, Problem::Internal);
    }
    match keeping::kept(service, order, &wanted, budget).await {
        Ok(None) => {}
        Ok(kept) => return Served { results: Vec::new(), kept, trace: Trace::default() },
        Err(problem) => return refused(order, problem),
    }

    let jids = jids(&wanted);
    let mut progress = Progress::default();
    let began = Instant::now();
    let acquired = service.sessions.acquire(order.instance(), &jids, budget).await;
    progress.trace.spent(Step::Lease, began);
    let leased = match acquired {
        Ok(leased) => leased,
        Err(error) => {
            tracing::debug!(instance = %order.instance(), %error, "no lease");
            progress.trace.lease_waits = error.waits();
            let problem = Problem::from(&error);
            return Served { trace: progress.trace, ..refused(order, problem) };
        }
    };
    progress.trace.lease_waits = leased.waits();

    let trying =
        attempt::run(service, order, &leased, &wanted, budget.keeping(SETTLING), &mut progress);
    let attempt = AssertUnwindSafe(trying).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(instance = %order.instance(), "panicked under the lease");
        Attempt::panicked(&wanted, &progress)
    });

    let keep = keeping::keep(order, &wanted, &attempt);
    let settlement = Settlement {
        groups: attempt.verdicts.iter().filter_map(Verdict::end).collect(),
        session: attempt.session,
        keep,
        request_id: order.request_id(),
        check: None,
        lid: attempt.lid.clone(),
    };
    let began = Instant::now();
    let settled = leased.settle(settlement, budget).await;
    progress.trace.spent(Step::Settle, began);
    if let Err(error) = &settled {
        tracing::warn!(instance = %order.instance(), %error, "not settled");
    }

    let mut verdicts = attempt.verdicts.iter();
    let results = order.identifiers().iter().map(|identifier| match identifier {
        Ok(_) => verdicts
            .next()
            .map_or(Err(Problem::Internal), |verdict| speak(verdict, settled.as_ref().ok())),
        Err(problem) => Err(*problem),
    });
    Served { results: results.collect(), kept: attempt.kept, trace: progress.trace }
}

/// What a verdict is in words. A recovered leave is a 200 only once it is
/// settled: until then nothing keeps two runs from claiming it. "Not a member" is
/// a 404 only once it is settled: a run that was fenced off may have seen the act
/// of the run that took over. A confirmed leave needs no settling: a true success
/// never becomes an error.
fn speak(verdict: &Verdict, settled: Option<&Settled>) -> Result<Left, Problem> {
    match (verdict, settled) {
        (Verdict::Confirmed { confirmed, .. }, _) => Ok(Left::confirmed(confirmed)),
        (Verdict::Recovered { evidence, .. }, Some(settled)) => {
            Ok(Left::recovered(evidence, settled))
        }
        (Verdict::NotMember { jid: None }, _) | (Verdict::NotMember { .. }, Some(_)) => {
            Err(Problem::NotMember)
        }
        (Verdict::Recovered { .. } | Verdict::NotMember { .. } | Verdict::Unconfirmed, _) => {
            Err(Problem::Unconfirmed)
        }
        (Verdict::InviteRevoked, _) => Err(Problem::InviteRevoked),
        (Verdict::Refused { .. }, _) => Err(Problem::NotAllowed),
        (Verdict::NotSent { problem, .. }, _) => Err(*problem),
    }
}

fn refused(order: &Order, problem: Problem) -> Served {
    let results = order.identifiers().iter().map(|identifier| match identifier {
        Ok(_) => Err(problem),
        Err(own) => Err(*own),
    });
    Served { results: results.collect(), kept: None, trace: Trace::default() }
}

fn jids(wanted: &[&Identifier]) -> Vec<GroupJid> {
    let mut jids = Vec::new();
    for identifier in wanted {
        match identifier {
            Identifier::Jid(jid) if !jids.contains(jid) => jids.push(jid.clone()),
            Identifier::Jid(_) | Identifier::Invite(_) => {}
        }
    }
    jids
}

/// Whether an earlier run tried to leave `jid` and its outcome was lost.
fn was_attempted(standing: Option<Standing>) -> bool {
    standing == Some(Standing::Earlier)
}
