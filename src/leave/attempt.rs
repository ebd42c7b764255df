//! One attempt under the lease: open the session, connect, resolve, leave, close.
//! It returns what is known, whatever happened.

use std::collections::{HashMap, HashSet};

use super::verdict::Verdict;
use super::{jids, keeping};
use crate::clock::{Budget, UnixMillis};
use crate::connection::{CLOSING, connect, credentials, problem, session_end};
use crate::credentials::Credentials;
use crate::group::GroupJid;
use crate::identifier::Identifier;
use crate::order::Order;
use crate::problem::Problem;
use crate::service::Service;
use crate::session::{KeptAnswer, Leased, Row, SessionEnd};
use crate::trace::Trace;
use crate::whatsapp::{Abandoned, Failure, Online, Told};

/// What an attempt found out.
pub(super) struct Attempt {
    /// One for each wanted identifier, in order.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) session: SessionEnd,
    pub(super) kept: Option<KeptAnswer>,
    /// Our LID, as WhatsApp told it at login.
    pub(super) lid: Option<String>,
}

/// How far an attempt came; outlives a panic inside it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A leave may have been sent.
    pub(super) sent: bool,
    /// What happened on the way.
    pub(super) trace: Trace,
}

impl Attempt {
    fn not_sent(wanted: &[&Identifier], problem: Problem, session: SessionEnd) -> Self {
        let verdicts = wanted.iter().map(|identifier| not_sent(identifier, problem)).collect();
        Self { verdicts, session, kept: None, lid: None }
    }

    /// After a panic: nothing is claimed, and nothing is forgotten.
    pub(super) fn panicked(wanted: &[&Identifier], progress: &Progress) -> Self {
        if !progress.sent {
            return Self::not_sent(wanted, Problem::Internal, SessionEnd::Unchanged);
        }
        Self {
            verdicts: wanted.iter().map(|_| Verdict::Unconfirmed).collect(),
            session: SessionEnd::Unchanged,
            kept: None,
            lid: None,
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
    let (rows, online) = tokio::join!(
        leased.rows(&jids, budget),
        connect(service, leased, &credentials, budget, &mut progress.trace)
    );
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
            return Attempt::not_sent(wanted, problem(&failure, now), session_end(&failure, now));
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
        session: SessionEnd::Online,
    };
    let verdicts = run.leave_all(wanted).await;
    let Run { online, session, .. } = run;
    progress.trace.round_trips += online.iqs();
    let lid = online.lid().map(str::to_owned);
    // Closed before the lease is released: two sockets of one session never stand.
    online.close(budget.at_most(CLOSING)).await;
    Attempt { verdicts, session, kept: None, lid }
}

impl Run<'_> {
    /// Remembers what a failure says about the session.
    pub(super) fn saw(&mut self, failure: &Failure) {
        tracing::debug!(instance = %self.leased.instance(), %failure, "WhatsApp failed");
        self.progress.trace.failed(failure);
        match session_end(failure, self.now) {
            SessionEnd::Unchanged => {}
            end => self.session = end,
        }
    }

    /// Remembers a target's own error code.
    pub(super) fn saw_code(&mut self, code: u16) {
        self.progress.trace.whatsapp_code = Some(code);
    }

    /// WhatsApp throttled one target.
    pub(super) fn throttled(&mut self, backoff: Told) -> Problem {
        let failure = Failure::Iq { code: 429, backoff };
        self.saw(&failure);
        self.problem(&failure)
    }

    /// What a failure before anything was sent is to the caller.
    pub(super) fn problem(&self, failure: &Failure) -> Problem {
        problem(failure, self.now)
    }
}
