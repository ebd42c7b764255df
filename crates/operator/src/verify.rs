//! Whether WhatsApp knows a device by its key, before anything is stored.
//!
//! What is learned is about the device that was tried. Another instance's device is
//! not tried at all: the login would throw that one's socket out. And what is learned
//! about a device that the session does not have is not written on the session.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::{Credentials, DeviceJid};
use domain::tenant::InstanceId;
use domain::trace::Trace;
use operation::connection::try_login;
use operation::visit::{Visit, hold};
use store::session::{AcquireError, Held};

use crate::device::same_number;
use crate::visit::ended;
use crate::{Operator, OperatorError, patience};

/// Longest look.
const LONGEST: Duration = Duration::from_secs(20);

impl Operator {
    /// Logs in with `credentials`, and hangs up. When `instance` is there, it is done
    /// under its lease: it may be the same device.
    ///
    /// # Errors
    /// [`OperatorError::DeviceTaken`] and [`OperatorError::OtherNumber`] before anything
    /// is dialled, [`OperatorError::WhatsApp`] when it does not get in,
    /// [`OperatorError::Blocked`], [`OperatorError::Busy`], or the table's.
    pub async fn verify(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
    ) -> Result<(), OperatorError> {
        self.is_free_for(instance, &credentials.device).await?;
        let wait = self.engine.sessions.wait();
        let budget = Budget::of(LONGEST + wait);
        let mut trace = Trace::default();
        let looking = async |visit: &mut Visit<'_>, held: &Held| {
            self.may_dial(held, &credentials.device).await?;
            let budget = visit.budget();
            let entered = visit.online(credentials, budget, async {}, async |_, _, ()| {}).await;
            if held.session().device().as_ref() != Some(&credentials.device) {
                visit.forget();
            }
            entered.map_err(|abandoned| OperatorError::of_abandoned(instance, abandoned))
        };
        match Box::pin(hold(&self.engine, instance, wait, budget, &mut trace, looking)).await {
            Ok(visited) => ended(visited).await,
            Err(AcquireError::NotFound) => {
                let entered = Box::pin(try_login(&self.engine, credentials, budget)).await;
                entered.map_err(|abandoned| OperatorError::of_abandoned(instance, abandoned))
            }
            Err(error) => Err(OperatorError::of_acquire(instance, error)),
        }
    }

    /// No other instance has `device`.
    ///
    /// # Errors
    /// [`OperatorError::DeviceTaken`], or the table's.
    pub(crate) async fn is_free_for(
        &self,
        instance: &InstanceId,
        device: &DeviceJid,
    ) -> Result<(), OperatorError> {
        match self.table.device_owner(device, patience()).await? {
            Some(by) if by != *instance => {
                Err(OperatorError::DeviceTaken { device: device.to_string(), by })
            }
            _ => Ok(()),
        }
    }

    /// Another number is refused, and a number that WhatsApp does not listen to is not
    /// dialled with.
    async fn may_dial(&self, held: &Held, device: &DeviceJid) -> Result<(), OperatorError> {
        let instance = held.instance();
        same_number(instance, held.session().device().as_ref(), device)?;
        let now = self.now().await?;
        match held.session().block(now) {
            None => Ok(()),
            Some((reason, until)) => Err(OperatorError::Blocked {
                instance: instance.clone(),
                reason,
                left: until.since(now),
            }),
        }
    }
}
