//! Whether WhatsApp knows a device by its key, before anything is stored.
//!
//! What is learned is about the device that was tried. Another instance's device is
//! not tried at all: the login would throw that one's socket out. And what is learned
//! about a device that the session does not have is not written on the session.

use std::time::Duration;

use domain::clock::Budget;
use domain::credentials::{Credentials, DeviceJid};
use domain::tenant::InstanceId;
use operation::connection::session_end;
use store::session::{Held, SessionEnd};
use whatsapp::Abandoned;

use crate::device::same_number;
use crate::{Operator, OperatorError, patience};

/// Longest look.
const LONGEST: Duration = Duration::from_secs(20);
/// Kept back for settling.
const SETTLING: Duration = Duration::from_millis(1_500);

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
        let held = match self.engine.sessions.hold(instance, wait, budget).await {
            Ok(held) => Some(held),
            Err(store::session::AcquireError::NotFound) => None,
            Err(error) => return Err(OperatorError::of_acquire(instance, error)),
        };
        let work = budget.keeping(SETTLING);
        let (outcome, session) = match self.may_dial(held.as_ref(), &credentials.device).await {
            Ok(()) => self.try_login(instance, held.as_ref(), credentials, work).await,
            Err(error) => (Err(error), SessionEnd::Unchanged),
        };
        if let Some(held) = held {
            let is_its_own = held.session().device().as_ref() == Some(&credentials.device);
            let session = if is_its_own { session } else { SessionEnd::Unchanged };
            let settled = held.settle(session, budget).await;
            settled.map_err(|error| OperatorError::of_settle(instance, error))?;
        }
        outcome
    }

    /// No other instance has `device`.
    ///
    /// # Errors
    /// [`OperatorError::DeviceTaken`], or the table's.
    pub async fn is_free_for(
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
    async fn may_dial(&self, held: Option<&Held>, device: &DeviceJid) -> Result<(), OperatorError> {
        let Some(held) = held else { return Ok(()) };
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

    async fn try_login(
        &self,
        instance: &InstanceId,
        held: Option<&Held>,
        credentials: &Credentials,
        budget: Budget,
    ) -> (Result<(), OperatorError>, SessionEnd) {
        let version = self.engine.versions.current(budget).await;
        let dialer = self.engine.dialer.through(credentials.proxy.as_ref()).showing(version);
        let is_ours = || held.is_none_or(Held::is_held);
        let now = self.engine.clock.now();
        let online = match dialer.greet(budget, now).await {
            Ok(greeted) => greeted.login(credentials, budget, is_ours).await,
            Err(failure) => Err(Abandoned::Failed(failure)),
        };
        match online {
            Ok(online) => {
                online.close(budget).await;
                (Ok(()), SessionEnd::Online)
            }
            Err(Abandoned::LeaseExpired) => {
                (Err(OperatorError::LeaseExpired(instance.clone())), SessionEnd::Unchanged)
            }
            Err(Abandoned::Failed(failure)) => {
                let end = session_end(&failure, self.engine.clock.now());
                (Err(OperatorError::WhatsApp(failure)), end)
            }
        }
    }
}
