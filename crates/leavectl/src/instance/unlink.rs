//! Takes an instance's device off its account at WhatsApp.

use domain::gone::Gone;
use domain::tenant::InstanceId;
use operator::{Operator, OperatorError};

use crate::failure::Failure;

/// Unlinks the device of `id` under its lease, and records that it is logged out.
/// One that WhatsApp has unlinked already is fine.
pub(super) async fn unlink(operator: &Operator, id: &InstanceId) -> Result<(), Failure> {
    let unlinked = operator.visit(id, async |visit, online, credentials| {
        linking::unlink(online, &credentials.device, visit.budget()).await?;
        visit.is_gone(Gone::Unlinked);
        Ok(())
    });
    match unlinked.await {
        Ok(()) | Err(OperatorError::NotConnected { .. }) => Ok(()),
        Err(OperatorError::WhatsApp(failure)) if failure.is_logged_out() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
