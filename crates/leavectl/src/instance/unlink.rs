//! Takes an instance's device off its account at WhatsApp.

use std::time::Duration;

use domain::clock::Budget;
use domain::gone::Gone;
use domain::tenant::InstanceId;
use domain::trace::Trace;
use operation::connection::{connect, credentials};
use operator::{Operator, OperatorError};
use store::session::{SessionEnd, Settlement};
use whatsapp::{Abandoned, Failure as WhatsApp};

use crate::failure::Failure;

/// A lease lasts no longer.
const LEASE: Duration = Duration::from_secs(25);
/// Kept back for settling.
const SETTLING: Duration = Duration::from_millis(1_500);

/// Unlinks the device of `id` under its lease, and records that it is logged out.
/// One that WhatsApp has unlinked already is fine.
pub(super) async fn unlink(operator: &Operator, id: &InstanceId) -> Result<(), Failure> {
    let service = operator.engine();
    let budget = Budget::of(LEASE);
    let leased = match service.sessions.acquire(id, &[], budget).await {
        Ok(leased) => leased,
        Err(store::session::AcquireError::NotConnected(_)) => return Ok(()),
        Err(error) => return Err(OperatorError::of_acquire(id, error).into()),
    };
    let work = budget.keeping(SETTLING);
    let outcome = match credentials(service, &leased, work).await {
        Err(_) => Err(OperatorError::Credentials(id.clone())),
        Ok(credentials) => {
            let mut trace = Trace::default();
            match connect(service, &leased, &credentials, work, &mut trace).await {
                Ok(online) => {
                    let unlinked = linking::unlink(online, &credentials.device, work).await;
                    unlinked.map_err(OperatorError::WhatsApp)
                }
                Err(Abandoned::Failed(failure)) if failure.is_logged_out() => Ok(()),
                Err(Abandoned::Failed(failure)) => Err(OperatorError::WhatsApp(failure)),
                Err(Abandoned::LeaseExpired) => Err(OperatorError::LeaseExpired(id.clone())),
            }
        }
    };
    let session = match &outcome {
        Ok(()) => SessionEnd::LoggedOut(Gone::Unlinked),
        Err(OperatorError::WhatsApp(WhatsApp::Iq { .. })) => SessionEnd::Online,
        Err(_) => SessionEnd::Unchanged,
    };
    let settlement = Settlement { session, ..Settlement::default() };
    if let Err(error) = leased.settle(settlement, budget).await {
        crate::output::note(&format!("The lease is not released ({error}); it ends by itself."));
    }
    Ok(outcome?)
}
