//! Takes an instance's device off its account at WhatsApp.

use domain::gone::Gone;
use domain::tenant::InstanceId;
use operator::{Operator, OperatorError};

use crate::failure::Failure;
use crate::output;

/// Unlinks the device of `id` under its lease, and records that it is logged out.
/// One that WhatsApp has unlinked already is fine.
pub(super) async fn unlink(operator: &Operator, id: &InstanceId) -> Result<(), Failure> {
    let mut is_unlinked = false;
    let unlinked = operator.visit(id, async |visit, online, credentials| {
        linking::unlink(online, &credentials.device, visit.budget()).await?;
        visit.is_gone(Gone::Unlinked);
        is_unlinked = true;
        Ok(())
    });
    match unlinked.await {
        Ok(()) | Err(OperatorError::NotConnected { .. }) => Ok(()),
        Err(OperatorError::WhatsApp(failure)) if failure.is_logged_out() => Ok(()),
        Err(error) if is_unlinked => {
            output::note(&format!("It is unlinked; that is not noted: {error}"));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
