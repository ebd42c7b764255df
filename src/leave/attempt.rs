//! One attempt under the lease: open the session, connect, resolve, leave, close.
//! It returns what is known, whatever happened.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::verdict::Verdict;
use super::{Trace, jids, keeping};
use crate::clock::{Budget, UnixMillis};
use crate::credentials::Credentials;
use crate::group::GroupJid;
use crate::identifier::Identifier;
use crate::order::Order;
use crate::problem::Problem;
use crate::seal::SealError;
use crate::service::Service;
use crate::session::{BlockReason, KeptAnswer, Leased, Row, SessionEnd};
use crate::whatsapp::{Abandoned, Failure, LoginFailure, Online};

/// How long WhatsApp is left alone when it throttles without saying for how long.
const THROTTLED: Duration = Duration::from_mins(1);
/// How long the closing handshake is waited for.
const CLOSING: Duration = Duration::from_millis(500);

/// What an attempt found out.
pub(super) struct Attempt {
    /// One for each wanted identifier, in order.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) session: SessionEnd,
    pub(super) kept: Option<KeptAnswer>,
    pub(super) trace: Trace,
}

/// How far an attempt came; outlives a panic inside it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Progress {
    /// A leave may have been sent.
    pub(super) sent: bool,
}

impl Attempt {
    fn not_sent(wanted: &[&Identifier], problem: Problem, session: SessionEnd) -> Self {
        let verdicts = wanted.iter().map(|identifier| not_sent(identifier, problem)).collect();
        Self { verdicts, session, kept: None, trace: Trace::default() }
    }

    /// After a panic: nothing is claimed, and nothing is forgotten.
    pub(super) fn panicked(wanted: &[&Identifier], progress: Progress) -> Self {
        if !progress.sent {
            return Self::not_sent(wanted, Problem::Internal, SessionEnd::Unchanged);
        }
        Self {
            verdicts: wanted.iter().map(|_| Verdict::Unconfirmed).collect(),
            session: SessionEnd::Unchanged,
            kept: None,
            trace: Trace::default(),
        }
    }
}

fn not_sent(identifier: &Identifier, problem: Problem) -> Verdict {
    let jid = match identifier {
        Identifier::Jid(jid) => Some(jid.clone()),
        Identifier::Invite(_) => None,
    };
    Verdict::NotSent { jid, problem }
}

/// One open connection and what the stages on it share.
pub(super) struct Run<'a> {
    pub(super) leased: &'a Leased,
    pub(super) credentials: &'a Credentials,
    pub(super) online: Online,
    pub(super) budget: Budget,
    pub(super) progress: &'a mut Progress,
    pub(super) rows: HashMap<GroupJid, Row>,
    /// Targets of which this very run sent a leave whose outcome is not known.
    pub(super) uncertain: HashSet<GroupJid>,
    now: UnixMillis,
    session: SessionEnd,
    code: Option<u16>,
}

pub(super) async fn run(
    service: &Service,
    order: &Order,
    leased: &Leased,
    wanted: &[&Identifier],
    budget: Budget,
    progress: &mut Progress,
) -> Attempt {
    let unchanged = SessionEnd::Unchanged;
    // A run that was waited for may have answered this very request.
    match keeping::kept(service, order, wanted, budget).await {
        Ok(None) => {}
        Ok(Some(answer)) => {
            let mut attempt = Attempt::not_sent(wanted, Problem::Internal, unchanged);
            attempt.kept = Some(answer);
            return attempt;
        }
        Err(problem) => return Attempt::not_sent(wanted, problem, unchanged),
    }
    let credentials = match credentials(service, leased, budget).await {
        Ok(credentials) => credentials,
        Err(problem) => return Attempt::not_sent(wanted, problem, unchanged),
    };

    let jids = jids(wanted);
    // Under the lease, and beside the login: it costs no time, and a settle or
    // a sync cannot come in between.
    let (rows, online) =
        tokio::join!(leased.rows(&jids, budget), connect(service, leased, &credentials, budget));
    let now = service.clock.now();
    let (rows, online) = match (rows, online) {
        (Ok(rows), Ok(online)) => (rows, online),
        (Err(error), Ok(online)) => {
            online.close(budget.at_most(CLOSING)).await;
            return Attempt::not_sent(wanted, Problem::from(&error), unchanged);
        }
        (_, Err(Abandoned::LeaseExpired)) => {
            return Attempt::not_sent(wanted, Problem::WhatsAppUnavailable, unchanged);
        }
        (_, Err(Abandoned::Failed(failure))) => {
            let mut attempt =
                Attempt::not_sent(wanted, problem(&failure), session_end(&failure, now));
            attempt.trace.whatsapp_code = failure.code();
            return attempt;
        }
    };

    let mut run = Run {
        leased,
        credentials: &credentials,
        online,
        budget,
        progress,
        rows,
        uncertain: HashSet::new(),
        now,
        session: SessionEnd::Unchanged,
        code: None,
    };
    let verdicts = run.leave_all(wanted).await;
    let Run { online, session, code, .. } = run;
    let trace = Trace { whatsapp_code: code, iqs: online.iqs() };
    // Closed before the lease is released: two sockets of one session never stand.
    online.close(budget.at_most(CLOSING)).await;
    Attempt { verdicts, session, kept: None, trace }
}

async fn credentials(
    service: &Service,
    leased: &Leased,
    budget: Budget,
) -> Result<Credentials, Problem> {
    let opened = service.keyring.open(leased.sealed(), leased.instance(), budget).await;
    let opened = opened.map_err(|error| {
        tracing::error!(instance = %leased.instance(), %error, "credentials cannot be opened");
        match error {
            SealError::Store(error) => Problem::from(&error),
            SealError::KeyService(_) => Problem::Unavailable,
            SealError::UnknownKey | SealError::DoesNotOpen | SealError::NotSealed => {
                Problem::Internal
            }
        }
    })?;
    Credentials::from_bytes(&opened).map_err(|error| {
        tracing::error!(instance = %leased.instance(), %error, "credentials cannot be read");
        Problem::Internal
    })
}

async fn connect(
    service: &Service,
    leased: &Leased,
    credentials: &Credentials,
    budget: Budget,
) -> Result<Online, Abandoned> {
    let greeted = service.dialer.greet(budget, service.clock.now()).await;
    let online = match greeted {
        Ok(greeted) => greeted.login(credentials, budget, || leased.is_held()).await,
        Err(failure) => Err(failure.into()),
    };
    if let Err(error) = &online {
        log_failure(leased, error);
    }
    online
}

fn log_failure(leased: &Leased, error: &Abandoned) {
    let instance = leased.instance();
    match error {
        Abandoned::Failed(Failure::Login(LoginFailure::VersionRefused)) => tracing::error!(
            %instance,
            "WhatsApp refuses this client version: set a newer WHATSAPP_VERSION"
        ),
        Abandoned::Failed(failure) => tracing::warn!(%instance, %failure, "not online"),
        Abandoned::LeaseExpired => tracing::warn!(%instance, "the lease ran out before the login"),
    }
}

/// What a failure before anything was sent is to the caller.
pub(super) fn problem(failure: &Failure) -> Problem {
    match failure {
        Failure::Login(LoginFailure::Banned(left)) => Problem::Banned { retry_after: *left },
        Failure::Iq { code: 429, backoff } => {
            Problem::Throttled { retry_after: backoff.unwrap_or(THROTTLED) }
        }
        failure if failure.is_logged_out() => Problem::NotConnected,
        Failure::Login(_)
        | Failure::Iq { .. }
        | Failure::Connect(_)
        | Failure::Timeout(_)
        | Failure::Closed
        | Failure::Protocol(_)
        | Failure::Certificate(_)
        | Failure::Stream(_) => Problem::WhatsAppUnavailable,
    }
}

/// What a failure says about the session, so that the next run need not dial.
fn session_end(failure: &Failure, now: UnixMillis) -> SessionEnd {
    match failure {
        Failure::Login(LoginFailure::Banned(left)) => {
            SessionEnd::Blocked { reason: BlockReason::Banned, until: now.plus(*left) }
        }
        Failure::Iq { code: 429, backoff } => SessionEnd::Blocked {
            reason: BlockReason::Throttled,
            until: now.plus(backoff.unwrap_or(THROTTLED)),
        },
        failure if failure.is_logged_out() => SessionEnd::LoggedOut,
        _ => SessionEnd::Unchanged,
    }
}

impl Run<'_> {
    /// Remembers what a failure says about the session.
    pub(super) fn saw(&mut self, failure: &Failure) {
        tracing::debug!(instance = %self.leased.instance(), %failure, "WhatsApp failed");
        self.code = failure.code().or(self.code);
        match session_end(failure, self.now) {
            SessionEnd::Unchanged => {}
            end => self.session = end,
        }
    }

    /// Remembers a target's own error code.
    pub(super) fn saw_code(&mut self, code: u16) {
        self.code = Some(code);
    }

    /// WhatsApp throttled one target.
    pub(super) fn throttled(&mut self, backoff: Option<Duration>) -> Problem {
        let failure = Failure::Iq { code: 429, backoff };
        self.saw(&failure);
        problem(&failure)
    }
}
