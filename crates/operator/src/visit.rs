//! One short connection of an instance under its lease, as every run has it.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use domain::trace::Trace;
use operation::credentials::Unopened;
use operation::visit::{Visit, Visited, hold, visit};
use store::session::{Held, Settlement};
use whatsapp::{Abandoned, Online};

use crate::{Operator, OperatorError};

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
        work: impl AsyncFnOnce(&mut Visit<'_>, &mut Online, &Credentials) -> Result<T, OperatorError>,
    ) -> Result<T, OperatorError> {
        let budget = Budget::of(LEASE.run);
        let mut trace = Trace::default();
        let over = async |visit: &mut Visit<'_>| connected(visit, work).await;
        // Boxed: a connection's future is deep, and an operator is in no such hurry.
        let visited = Box::pin(visit(&self.engine, instance, &[], budget, &mut trace, over)).await;
        ended(visited.map_err(|error| OperatorError::of_acquire(instance, error))?).await
    }
}

impl Operator {
    /// Does `work` under the lease of `instance` whatever its state is, and settles what
    /// WhatsApp was heard to say. A busy session is waited for as long as `wait`.
    ///
    /// # Errors
    /// Those of `work`, [`OperatorError::NoInstance`], [`OperatorError::Busy`], and the
    /// others of a run.
    pub async fn visit_held<T>(
        &self,
        instance: &InstanceId,
        wait: Duration,
        work: impl AsyncFnOnce(&mut Visit<'_>, &Held) -> Result<T, OperatorError>,
    ) -> Result<T, OperatorError> {
        let budget = Budget::of(LEASE.run + wait);
        let mut trace = Trace::default();
        let visited = Box::pin(hold(&self.engine, instance, wait, budget, &mut trace, work)).await;
        ended(visited.map_err(|error| OperatorError::of_acquire(instance, error))?).await
    }
}

async fn connected<T>(
    visit: &mut Visit<'_>,
    work: impl AsyncFnOnce(&mut Visit<'_>, &mut Online, &Credentials) -> Result<T, OperatorError>,
) -> Result<T, OperatorError> {
    let instance = visit.leased().instance();
    let budget = visit.budget();
    let opened = visit.credentials(budget).await;
    let credentials = opened.map_err(|error| OperatorError::of_unopened(instance, error))?;
    let online = visit.online(&credentials, budget, async {}, async |visit, online, ()| {
        let outcome = work(visit, online, &credentials).await;
        if let Err(OperatorError::WhatsApp(failure)) = &outcome {
            visit.saw(failure);
        }
        outcome
    });
    match online.await {
        Ok(outcome) => outcome,
        Err(abandoned) => Err(OperatorError::of_abandoned(instance, abandoned)),
    }
}

/// Settles a visit that has nothing to record but what WhatsApp said, and returns what it
/// came to.
///
/// # Errors
/// Those of the visit, or why it was not settled.
pub(crate) async fn ended<T>(
    mut visited: Visited<Result<T, OperatorError>>,
) -> Result<T, OperatorError> {
    let instance = visited.instance().clone();
    let done = visited.done.take();
    let settled = visited.settle(Settlement::default()).await;
    let outcome = done.unwrap_or(Err(OperatorError::Panicked(instance.clone())))?;
    settled.map_err(|error| OperatorError::of_settle(&instance, error))?;
    Ok(outcome)
}

impl OperatorError {
    /// Why the credentials of `instance` were not opened.
    pub(crate) fn of_unopened(instance: &InstanceId, error: Unopened) -> Self {
        match error {
            Unopened::Seal(error) => error.into(),
            Unopened::Unreadable => Self::Credentials(instance.clone()),
        }
    }

    /// Why `instance` did not get in.
    pub(crate) fn of_abandoned(instance: &InstanceId, abandoned: Abandoned) -> Self {
        match abandoned {
            Abandoned::LeaseExpired => Self::LeaseExpired(instance.clone()),
            Abandoned::Failed(failure) => Self::WhatsApp(failure),
        }
    }
}
