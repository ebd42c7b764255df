//! One open connection and what the stages on it share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::broken;
use domain::credentials::Credentials;
use domain::group::GroupJid;
use domain::problem::Problem;
use domain::trace::WhatsAppCode;
use store::rows::group::Row;
use store::session::{Leased, SessionEnd};
use whatsapp::{Failure, Online, Participating};

use super::progress::Progress;
use super::shares::Shares;
use super::target::Target;
use super::told::Told;
use crate::connection::problem;
use crate::visit::Visit;

/// What is to come of what an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// It is left.
    Leave,
    /// It is told what leaving would come to: nothing is written and no leave is sent.
    /// What WhatsApp lists needs no question of its own.
    Foretell(&'a Participating),
}

/// One open connection and what the stages on it share.
pub(super) struct Run<'a, 'v> {
    pub(super) visit: &'a mut Visit<'v>,
    pub(super) leased: &'v Leased,
    pub(super) online: &'a mut Online,
    pub(super) credentials: &'a Credentials,
    pub(super) purpose: Purpose<'a>,
    pub(super) shares: Shares,
    pub(super) progress: &'a mut Progress,
    /// What earlier portions of the same order have found out.
    pub(super) told: &'a Told,
    pub(super) rows: HashMap<GroupJid, Row>,
    /// Groups that are to be left, each once.
    pub(super) targets: BTreeMap<GroupJid, Target>,
    /// Groups for which leaving would have written an intent, when it is only foretold.
    pub(super) supposed: BTreeSet<GroupJid>,
    /// Why nothing more is asked or sent: WhatsApp throttled or banned us, unlinked
    /// the device, or the connection has failed.
    pub(super) stopped: Option<Problem>,
}

impl Run<'_, '_> {
    /// Remembers what a failure says about the session, and whether it is the end of
    /// asking and sending.
    pub(super) fn saw(&mut self, failure: &Failure) {
        tracing::debug!(instance = %self.leased.instance(), %failure, "WhatsApp failed");
        self.visit.trace().failed(failure.reason(), failure.code());
        let is_the_end = match self.visit.saw(failure) {
            SessionEnd::Unchanged | SessionEnd::Online => {
                self.online.is_spent() && !broken!(SpentIsNotSent)
            }
            SessionEnd::Blocked { .. } if broken!(BlockEndsTheRun) => false,
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
