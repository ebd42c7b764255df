//! One run under the lease: open the session, connect, resolve, leave. What it finds out
//! is in its [`Progress`], whatever happened.

use std::collections::{BTreeMap, HashMap};

use domain::credentials::Credentials;
use domain::group::GroupJid;
use domain::identifier::Identifier;
use domain::problem::Problem;
use domain::trace::WhatsAppCode;
use futures_util::FutureExt;
use store::session::{Kept, Leased, Row, SessionEnd};
use whatsapp::{Abandoned, Failure, Online};

use super::idempotency;
use super::progress::Progress;
use super::resolve::Target;
use super::shares::Shares;
use super::told::{Told, groups_of};
use crate::connection::problem;
use crate::order::Order;
use crate::visit::Visit;

/// What is to come of what an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is left.
    Leave,
    /// It is told what leaving would come to: nothing is written and no leave is sent.
    Foretell,
}

/// One open connection and what the stages on it share.
pub(super) struct Run<'a, 'v> {
    pub(super) visit: &'a mut Visit<'v>,
    pub(super) leased: &'v Leased,
    pub(super) online: &'a mut Online,
    pub(super) credentials: &'a Credentials,
    pub(super) purpose: Purpose,
    pub(super) shares: Shares,
    pub(super) progress: &'a mut Progress,
    /// What earlier portions of the same order have found out.
    pub(super) told: &'a Told,
    pub(super) rows: HashMap<GroupJid, Row>,
    /// Groups that are to be left, each once.
    pub(super) targets: BTreeMap<GroupJid, Target>,
    /// Why nothing more is asked or sent: WhatsApp throttled or banned us, unlinked
    /// the device, or the connection has failed.
    pub(super) stopped: Option<Problem>,
}

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
    if let Some((key, identifier)) = idempotency::asked(order, wanted) {
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

impl Run<'_, '_> {
    /// Remembers what a failure says about the session, and whether it is the end of
    /// asking and sending.
    pub(super) fn saw(&mut self, failure: &Failure) {
        tracing::debug!(instance = %self.leased.instance(), %failure, "WhatsApp failed");
        self.visit.trace().failed(failure.reason(), failure.code());
        let is_the_end = match self.visit.saw(failure) {
            SessionEnd::Unchanged | SessionEnd::Online => self.online.is_spent(),
            SessionEnd::LoggedOut(_) | SessionEnd::Blocked { .. } => true,
        };
        if is_the_end && self.stopped.is_none() {
            let problem = self.problem(failure);
            self.stopped = Some(problem);
            self.progress.rest = problem;
        }
    }

    /// Remembers a target's own error code.
    pub(super) fn saw_code(&mut self, code: Option<WhatsAppCode>) {
        let trace = self.visit.trace();
        trace.whatsapp_code = code.or(trace.whatsapp_code);
    }

    /// What a failure before anything was sent is to the caller.
    pub(super) fn problem(&self, failure: &Failure) -> Problem {
        problem(failure, self.visit.engine().clock.now())
    }
}
