//! The operation: an instance leaves groups, and the answer is true.
//!
//! [`serve`] is the whole of it, top to bottom. Between the lease and its
//! settling nothing returns early: whatever happens in between is a value, and
//! settling always runs. The rules that it keeps, and why: `docs/truth.md`.

mod attempt;
mod depart;
mod evidence;
mod foretell;
mod idempotency;
mod left;
mod progress;
mod resolve;
mod run;
mod shares;
mod target;
mod told;
mod verdict;

use std::panic::AssertUnwindSafe;

use domain::clock::Budget;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::trace::{Step, Trace};
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::order::Order;
use crate::visit::{Visit, visit};
pub use evidence::Evidence;
pub use foretell::{Foretold, foretell};
pub use left::Left;
use progress::Progress;
use store::session::{Kept, KeptAnswer, SessionEnd, Settled, Settlement};
use told::Told;

/// Identifiers that are left under one lease and over one connection. What a run
/// settles has to fit one transaction of 100 actions: two for each group, the release,
/// and the answer to keep.
pub const AT_ONCE: usize = 40;

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
    if let Some((key, identifier)) = idempotency::asked(order, &wanted) {
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
        let leaving = leave(engine, order, portion, &told, budget, trace, &mut progress).boxed();
        let ended = AssertUnwindSafe(leaving).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(instance = %order.instance(), "panicked beside the lease");
            Ended { session: SessionEnd::Unchanged, settled: None }
        });
        if let Some(kept) = progress.kept {
            return Ok(Outcome::Replayed(kept));
        }
        told.portion(portion, &progress, ended.settled.as_ref());
        // Whether or not it could be written: WhatsApp is not to be asked any more.
        if matches!(ended.session, SessionEnd::Blocked { .. } | SessionEnd::LoggedOut(_)) {
            portions.by_ref().for_each(|rest| told.nothing_done(rest, progress.rest));
        }
    }
    Ok(Outcome::Ran(each(order, |identifier| told.result(identifier))))
}

/// How a portion's visit ended.
struct Ended {
    session: SessionEnd,
    settled: Option<Settled>,
}

/// One portion of an order: lease, run, settling.
async fn leave(
    engine: &Engine,
    order: &Order,
    wanted: &[&Identifier],
    told: &Told,
    budget: Budget,
    trace: &mut Trace,
    progress: &mut Progress,
) -> Ended {
    let instance = order.instance();
    let jids = told::groups_of(wanted, told);
    let running = async |visit: &mut Visit<'_>| {
        attempt::run(visit, order, wanted, told, &mut *progress).await;
    };
    let visited = match visit(engine, instance, &jids, budget, trace, running).await {
        Ok(visited) => visited,
        Err(error) => {
            tracing::debug!(%instance, %error, "no lease");
            progress.rest = Problem::from(&error);
            return Ended { session: SessionEnd::Unchanged, settled: None };
        }
    };
    let session = visited.said.session;
    let settlement = Settlement {
        groups: progress.ends(),
        keep: idempotency::keep(order, wanted, progress),
        request_id: order.request_id(),
        ..Settlement::default()
    };
    let began = Instant::now();
    let settled = visited.settle(settlement).await;
    trace.spent(Step::Settle, began);
    let settled = settled.inspect_err(|error| tracing::warn!(%instance, %error, "not settled"));
    Ended { session, settled: settled.ok() }
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
