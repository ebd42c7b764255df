//! Whether WhatsApp knows a device by its key, before anything is stored.

use std::time::Duration;

use leave_group::clock::Budget;
use leave_group::connection::{CLOSING, session_end};
use leave_group::credentials::Credentials;
use leave_group::session::{AcquireError, SessionEnd, Settlement};
use leave_group::tenant::InstanceId;
use leave_group::whatsapp::Abandoned;

use crate::{Operator, OperatorError};

/// Longest look.
const LONGEST: Duration = Duration::from_secs(20);

impl Operator {
    /// Logs in with `credentials`, and hangs up. When `instance` is there and has a
    /// device, it is done under its lease: it may be the same device.
    ///
    /// # Errors
    /// [`OperatorError::WhatsApp`] when it does not get in, [`OperatorError::Busy`],
    /// or the table's.
    pub async fn verify(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
    ) -> Result<(), OperatorError> {
        let budget = Budget::of(LONGEST);
        let leased = match self.service.sessions.acquire(instance, &[], budget).await {
            Ok(leased) => Some(leased),
            Err(AcquireError::NotFound | AcquireError::NotConnected(_)) => None,
            Err(error) => return Err(OperatorError::of_acquire(instance, error)),
        };
        let version = self.service.versions.current(budget).await;
        let dialer = self.service.dialer.through(credentials.proxy.as_ref()).showing(version);
        let is_ours = || leased.as_ref().is_none_or(leave_group::session::Leased::is_held);
        let online = match dialer.greet(budget, self.now()).await {
            Ok(greeted) => greeted.login(credentials, budget, is_ours).await,
            Err(failure) => Err(Abandoned::Failed(failure)),
        };
        let (outcome, session) = match online {
            Ok(online) => {
                online.close(budget.at_most(CLOSING)).await;
                (Ok(()), SessionEnd::Online)
            }
            Err(Abandoned::LeaseExpired) => {
                (Err(OperatorError::LeaseExpired(instance.clone())), SessionEnd::Unchanged)
            }
            Err(Abandoned::Failed(failure)) => {
                // What was tried may be another device than the stored one.
                let end = match session_end(&failure, self.now()) {
                    SessionEnd::LoggedOut(_) => SessionEnd::Unchanged,
                    end => end,
                };
                (Err(OperatorError::WhatsApp(failure)), end)
            }
        };
        if let Some(leased) = leased {
            let settlement = Settlement { session, ..Settlement::default() };
            let settled = leased.settle(settlement, budget).await;
            settled.map_err(|error| OperatorError::of_settle(instance, error))?;
        }
        outcome
    }
}
