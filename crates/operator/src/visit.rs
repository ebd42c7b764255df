//! One short connection of an instance under its lease, as every run has it: lease,
//! credentials, login, questions, close, settle. Between the lease and its settling
//! nothing returns early.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::tenant::InstanceId;
use domain::trace::Trace;
use operation::connection::{connect, session_end};
use store::session::{Leased, SessionEnd, Settlement};
use whatsapp::{Abandoned, Online};

use crate::{Operator, OperatorError};

/// Longest visit: a lease lasts no longer.
const LONGEST: Duration = Duration::from_secs(25);
/// Kept back for settling.
const SETTLING: Duration = Duration::from_millis(1_500);

/// An open connection of one instance, under its lease.
pub struct Visit<'a> {
    /// The lease.
    pub leased: &'a Leased,
    /// The instance's credentials.
    pub credentials: &'a Credentials,
    /// The connection.
    pub online: &'a mut Online,
    /// What is left of the time.
    pub budget: Budget,
}

impl Operator {
    /// Does `work` over a connection of `instance`, and settles whatever came of it:
    /// a device that WhatsApp has unlinked, a ban or throttling is recorded.
    ///
    /// # Errors
    /// Those of `work`, [`OperatorError::NotConnected`], [`OperatorError::Busy`],
    /// [`OperatorError::WhatsApp`], and the others of a run.
    pub async fn visit<T>(
        &self,
        instance: &InstanceId,
        work: impl AsyncFnOnce(Visit<'_>) -> Result<T, OperatorError>,
    ) -> Result<T, OperatorError> {
        let budget = Budget::of(LONGEST);
        let leased = self
            .engine
            .sessions
            .acquire(instance, &[], budget)
            .await
            .map_err(|error| OperatorError::of_acquire(instance, error))?;
        // Boxed: a connection's future is deep, and an operator is in no such hurry.
        let mut lid = None;
        let working = self.under_lease(&leased, budget.keeping(SETTLING), &mut lid, work);
        let outcome = Box::pin(working).await;
        let session = match &outcome {
            Err(OperatorError::WhatsApp(failure)) => session_end(failure, self.engine.clock.now()),
            Err(_) => SessionEnd::Unchanged,
            Ok(_) => SessionEnd::Online,
        };
        let settlement = Settlement { session, lid, ..Settlement::default() };
        let settled = leased.settle(settlement, budget).await;
        let outcome = outcome?;
        settled.map_err(|error| OperatorError::of_settle(instance, error))?;
        Ok(outcome)
    }

    async fn under_lease<T>(
        &self,
        leased: &Leased,
        budget: Budget,
        lid: &mut Option<String>,
        work: impl AsyncFnOnce(Visit<'_>) -> Result<T, OperatorError>,
    ) -> Result<T, OperatorError> {
        let instance = leased.instance();
        let plain = self.engine.keyring.open(leased.sealed(), instance, budget).await?;
        let credentials = Credentials::from_bytes(&plain)
            .map_err(|_| OperatorError::Credentials(instance.clone()))?;
        // As the function connects: through the instance's proxy, with the set version.
        let mut trace = Trace::default();
        let login = connect(&self.engine, leased, &credentials, budget, &mut trace).await;
        let mut online = login.map_err(|abandoned| match abandoned {
            Abandoned::LeaseExpired => OperatorError::LeaseExpired(instance.clone()),
            Abandoned::Failed(failure) => OperatorError::WhatsApp(failure),
        })?;
        *lid = online.lid().map(str::to_owned);
        let visit = Visit { leased, credentials: &credentials, online: &mut online, budget };
        let outcome = work(visit).await;
        // Closed before the lease is released: two sockets of one session never stand.
        online.close(budget).await;
        outcome
    }
}
