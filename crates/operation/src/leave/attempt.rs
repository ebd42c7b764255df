//! One run under the lease: open the session, connect, resolve, leave. What it finds out
//! is in its [`Progress`], whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use domain::broken;
use domain::identifier::Identifier;
use domain::problem::Problem;
use futures_util::FutureExt;
use store::session::Kept;
use whatsapp::{Abandoned, Online};

use super::idempotency;
use super::progress::Progress;
use super::run::{Purpose, Run};
use super::shares::Shares;
use super::told::{Told, groups_of};
use crate::connection::problem;
use crate::order::Order;
use crate::visit::Visit;

/// Leaves what is wanted.
pub(super) async fn run(
    visit: &mut Visit<'_>,
    order: &Order,
    wanted: &[&Identifier],
    told: &Told,
    progress: &mut Progress,
) {
    if let Err(problem) = open(visit, order, wanted, told, progress).await {
        progress.rest = problem;
    }
}

async fn open(
    visit: &mut Visit<'_>,
    order: &Order,
    wanted: &[&Identifier],
    told: &Told,
    progress: &mut Progress,
) -> Result<(), Problem> {
    let (leased, shares) = (visit.leased(), Shares::of(visit.budget()));
    let budget = shares.connect();
    // A run that was waited for may have answered this very request.
    let asked = broken!(KeyIsLookedForAgain | KeptIsWrittenOnce | SettlingOutlivesAKeptAnswer =>
        None; idempotency::asked(order, wanted));
    if let Some((key, identifier)) = asked {
        match leased.kept(key, identifier, budget).await {
            Ok(Kept::Nothing | Kept::NoInstance) => {}
            Ok(Kept::OtherRequest) => return Err(Problem::IdempotencyKeyReused),
            Ok(Kept::Answer(answer)) => {
                progress.kept = Some(answer);
                return Ok(());
            }
            Err(error) => return Err(Problem::from(&error)),
        }
    }
    let opened = visit.credentials(budget).await;
    let credentials = opened.map_err(|error| Problem::from(&error))?;
    // Under the lease, and beside the login: it costs no time, and a settle or
    // a sync cannot come in between.
    let jids = groups_of(wanted, told);
    let rows = leased.rows(&jids, budget);
    let online = visit.online(
        &credentials,
        budget,
        rows,
        async |visit: &mut Visit<'_>, online: &mut Online, rows| {
            let leased = visit.leased();
            let mut run = Run {
                visit,
                leased,
                online,
                credentials: &credentials,
                purpose: Purpose::Leave,
                shares,
                progress,
                told,
                rows: rows.map_err(|error| Problem::from(&error))?,
                targets: BTreeMap::new(),
                supposed: BTreeSet::new(),
                stopped: None,
            };
            run.resolve_all(wanted).await;
            run.leave_all().await;
            Ok(())
        },
    );
    match online.boxed().await {
        Ok(ran) => ran,
        Err(Abandoned::LeaseExpired) => Err(Problem::WhatsAppUnavailable),
        Err(Abandoned::Failed(failure)) => Err(problem(&failure, visit.engine().clock.now())),
    }
}
