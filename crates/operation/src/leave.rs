//! The operation: an instance leaves groups, and the answer is true.
//!
//! [`serve`] is the whole of it, top to bottom. Between the lease and its
//! settling nothing returns early: whatever happens in between is a value, and
//! settling always runs. The rules that it keeps, and why: `docs/truth.md`.

mod attempt;
mod depart;
mod evidence;
mod keeping;
mod progress;
mod resolve;
mod shares;
mod told;
mod verdict;

use std::panic::AssertUnwindSafe;

use domain::clock::Budget;
use domain::group::GroupJid;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::trace::{Step, Trace};
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::order::Order;
pub use evidence::Evidence;
use progress::Progress;
use shares::Shares;
use store::session::{Kept, KeptAnswer, SessionEnd, Settled, Settlement, Standing};
use told::Told;
use verdict::Verdict;
use whatsapp::Confirmed;

/// Identifiers that are left under one lease and over one connection. What a run
/// settles has to fit one transaction of 100 actions: two for each group, the release,
/// and the answer to keep.
const AT_ONCE: usize = 40;

/// A group that was left, for certain. The 200.
///
/// Made from WhatsApp's own confirmation, or from evidence of membership and a
/// settlement that was written: "attempted, outcome lost, out now".
///
/// ```compile_fail
/// use operation::leave::Left;
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

/// What came of an order, and what happened on the way, for the log.
#[derive(Debug)]
pub struct Served {
    /// What is answered.
    pub outcome: Outcome,
    /// What happened on the way.
    pub trace: Trace,
}

/// What an order is answered with.
#[derive(Debug)]
pub enum Outcome {
    /// One result for each identifier, in order.
    Ran(Vec<Result<Left, Problem>>),
    /// The answer that was kept for this request's `Idempotency-Key`, to be given
    /// again.
    Replayed(KeptAnswer),
}

/// Makes the instance leave.
pub async fn serve(engine: &Engine, order: &Order, budget: Budget) -> Served {
    let mut trace = Trace::default();
    let outcome = match answer(engine, order, budget, &mut trace).await {
        Ok(outcome) => outcome,
        Err(problem) => Outcome::Ran(each(order, |_| Err(problem))),
    };
    Served { outcome, trace }
}

async fn answer(
    engine: &Engine,
    order: &Order,
    budget: Budget,
    trace: &mut Trace,
) -> Result<Outcome, Problem> {
    let wanted = wanted(order);
    if let Some((key, identifier)) = keeping::asked(order, &wanted) {
        let kept = engine.sessions.kept(order.instance(), key, identifier, budget).await;
        match kept.map_err(|error| Problem::from(&error))? {
            Kept::Nothing => {}
            Kept::NoInstance => return Err(Problem::InstanceNotFound),
            Kept::OtherRequest => return Err(Problem::IdempotencyKeyReused),
            Kept::Answer(answer) => return Ok(Outcome::Replayed(answer)),
        }
    }
    let mut told = Told::default();
    let mut portions = wanted.chunks(AT_ONCE);
    while let Some(portion) = portions.next() {
        let mut progress = Progress::new(portion);
        let budget = shares::portion(budget, portions.len() + 1);
        // Boxed: the layout of a run costs its callers more than an allocation costs a run.
        let leaving = Box::pin(leave(engine, order, portion, &told, budget, &mut progress));
        let settled = AssertUnwindSafe(leaving).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(instance = %order.instance(), "panicked beside the lease");
            None
        });
        trace.merge(&progress.trace);
        if let Some(kept) = progress.kept {
            return Ok(Outcome::Replayed(kept));
        }
        told.portion(portion, &progress, settled.as_ref());
        // Whether or not it could be written: WhatsApp is not to be asked any more.
        if matches!(progress.session, SessionEnd::Blocked { .. } | SessionEnd::LoggedOut(_)) {
            portions.by_ref().for_each(|rest| told.nothing_done(rest, progress.rest));
        }
    }
    Ok(Outcome::Ran(each(order, |identifier| told.result(identifier))))
}

/// One portion of an order: lease, run, settling.
async fn leave(
    engine: &Engine,
    order: &Order,
    wanted: &[&Identifier],
    told: &Told,
    budget: Budget,
    progress: &mut Progress,
) -> Option<Settled> {
    let instance = order.instance();
    let began = Instant::now();
    let acquired = engine.sessions.acquire(instance, &groups_of(wanted, told), budget).await;
    progress.trace.spent(Step::Lease, began);
    let leased = match acquired {
        Ok(leased) => leased,
        Err(error) => {
            tracing::debug!(%instance, %error, "no lease");
            progress.trace.lease_waits = error.waits();
            progress.rest = Problem::from(&error);
            return None;
        }
    };
    progress.trace.lease_waits = leased.waits();

    let shares = Shares::of(budget);
    let running = attempt::run(engine, order, &leased, wanted, told, shares, progress);
    if AssertUnwindSafe(running).catch_unwind().await.is_err() {
        tracing::error!(%instance, "panicked under the lease");
    }

    let settlement = Settlement {
        groups: progress.ends(),
        session: progress.session,
        keep: keeping::keep(order, wanted, progress),
        request_id: order.request_id(),
        check: None,
        lid: progress.lid.clone(),
    };
    let began = Instant::now();
    let settled = leased.settle(settlement, budget).await;
    progress.trace.spent(Step::Settle, began);
    settled.inspect_err(|error| tracing::warn!(%instance, %error, "not settled")).ok()
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
        (Verdict::NotMember, Some(_)) => Err(Problem::NotMember),
        (Verdict::Recovered { .. } | Verdict::NotMember | Verdict::Unconfirmed, _) => {
            Err(Problem::Unconfirmed)
        }
        (Verdict::Refused { .. }, _) => Err(Problem::NotAllowed),
        (Verdict::NothingDone { problem }, _) => Err(*problem),
    }
}

/// One result for each identifier, the refused ones included.
fn each(
    order: &Order,
    result: impl Fn(&Identifier) -> Result<Left, Problem>,
) -> Vec<Result<Left, Problem>> {
    let results = order.identifiers().iter().map(|identifier| match identifier {
        Ok(identifier) => result(identifier),
        Err(problem) => Err(*problem),
    });
    results.collect()
}

/// The identifiers that can be read, each once, in order.
fn wanted(order: &Order) -> Vec<&Identifier> {
    let mut seen = std::collections::HashSet::new();
    order.identifiers().iter().flatten().filter(|identifier| seen.insert(*identifier)).collect()
}

/// The groups that are named by their JID and have no verdict yet.
fn groups_of(wanted: &[&Identifier], told: &Told) -> Vec<GroupJid> {
    let jids = wanted.iter().filter_map(|identifier| match identifier {
        Identifier::Jid(jid) if !told.is_final(jid) => Some(jid.clone()),
        Identifier::Jid(_) | Identifier::Invite(_) => None,
    });
    jids.collect()
}

/// Whether an earlier run tried to leave a group and its outcome was lost.
fn was_attempted(standing: Option<Standing>) -> bool {
    standing == Some(Standing::Earlier)
}
