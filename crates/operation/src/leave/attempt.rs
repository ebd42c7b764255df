//! One run under the lease: open the session, connect, resolve, leave, close.
//! What it finds out is in its [`Progress`], whatever happened.

use std::collections::{BTreeMap, HashMap};

use domain::credentials::Credentials;
use domain::group::GroupJid;
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::session::{Kept, Leased, Row, SessionEnd};
use whatsapp::{Abandoned, Failure, Online, Pause};

use super::progress::Progress;
use super::resolve::Target;
use super::shares::Shares;
use super::told::Told;
use super::{groups_of, keeping};
use crate::connection::{connect, credentials, problem, session_end};
use crate::engine::Engine;
use crate::order::Order;

/// One open connection and what the stages on it share.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    pub(super) leased: &'a Leased,
    pub(super) credentials: &'a Credentials,
    pub(super) online: Online,
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
    engine: &Engine,
    order: &Order,
    leased: &Leased,
    wanted: &[&Identifier],
    told: &Told,
    shares: Shares,
    progress: &mut Progress,
) {
    if let Err(problem) = open(engine, order, leased, wanted, told, shares, progress).await {
        progress.rest = problem;
    }
}

async fn open(
    engine: &Engine,
    order: &Order,
    leased: &Leased,
    wanted: &[&Identifier],
    told: &Told,
    shares: Shares,
    progress: &mut Progress,
) -> Result<(), Problem> {
    let budget = shares.connect();
    // A run that was waited for may have answered this very request.
    if let Some((key, identifier)) = keeping::asked(order, wanted) {
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
    let credentials = credentials(engine, leased, budget).await?;
    // Under the lease, and beside the login: it costs no time, and a settle or
    // a sync cannot come in between.
    let jids = groups_of(wanted, told);
    let (rows, online) = tokio::join!(
        leased.rows(&jids, budget),
        connect(engine, leased, &credentials, budget, &mut progress.trace)
    );
    let online = match online {
        Ok(online) => online,
        Err(Abandoned::LeaseExpired) => return Err(Problem::WhatsAppUnavailable),
        Err(Abandoned::Failed(failure)) => {
            progress.session = session_end(&failure, engine.clock.now());
            return Err(problem(&failure, engine.clock.now()));
        }
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            online.close(shares.run()).await;
            return Err(Problem::from(&error));
        }
    };
    progress.session = SessionEnd::Online;
    progress.lid = online.lid().map(str::to_owned);
    let targets = BTreeMap::new();
    let mut run = Run {
        engine,
        leased,
        credentials: &credentials,
        online,
        shares,
        progress,
        told,
        rows,
        targets,
        stopped: None,
    };
    run.resolve_all(wanted).await;
    run.leave_all().await;
    let Run { online, .. } = run;
    progress.trace.round_trips += online.iqs();
    // Closed before the lease is released: two sockets of one session never stand.
    online.close(shares.run()).await;
    Ok(())
}

impl Run<'_> {
    /// Remembers what a failure says about the session, and whether it is the end of
    /// asking and sending.
    pub(super) fn saw(&mut self, failure: &Failure) {
        tracing::debug!(instance = %self.leased.instance(), %failure, "WhatsApp failed");
        self.progress.trace.failed(failure.reason(), failure.code());
        let is_the_end = match session_end(failure, self.engine.clock.now()) {
            SessionEnd::Unchanged | SessionEnd::Online => self.online.is_spent(),
            end @ (SessionEnd::LoggedOut(_) | SessionEnd::Blocked { .. }) => {
                self.progress.session = end;
                true
            }
        };
        if is_the_end && self.stopped.is_none() {
            let problem = self.problem(failure);
            self.stopped = Some(problem);
            self.progress.rest = problem;
        }
    }

    /// Remembers a target's own error code.
    pub(super) fn saw_code(&mut self, code: u16) {
        self.progress.trace.whatsapp_code = Some(code);
    }

    /// WhatsApp throttled one target, or all of them.
    pub(super) fn throttled(&mut self, backoff: Pause) -> Problem {
        let failure = Failure::Iq { code: 429, backoff };
        self.saw(&failure);
        self.problem(&failure)
    }

    /// What a failure before anything was sent is to the caller.
    pub(super) fn problem(&self, failure: &Failure) -> Problem {
        problem(failure, self.engine.clock.now())
    }
}
