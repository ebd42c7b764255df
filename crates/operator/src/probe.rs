//! Whether WhatsApp can be reached, proves to be WhatsApp, and takes our client
//! version: without any instance's session.

use std::time::Duration;

use domain::client_version::ClientVersion;
use domain::clock::Budget;
use store::random;
use wacore::store::Device;
use waproto::codec::client_payload_to_vec;
use whatsapp::{Abandoned, Failure, LoginFailure};
use zeroize::Zeroizing;

use crate::{Operator, OperatorError};

/// Longest probe.
const LONGEST: Duration = Duration::from_secs(10);

/// What WhatsApp made of our client version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionVerdict {
    /// It goes on with it.
    Taken(ClientVersion),
    /// It refuses it (405).
    Refused(ClientVersion),
}

impl Operator {
    /// Connects as a device that is not linked yet, as a browser does that is about
    /// to show a QR code, and hangs up at the first answer.
    ///
    /// # Errors
    /// [`OperatorError::WhatsApp`] when it cannot be reached or is not WhatsApp.
    pub async fn probe_whatsapp(&self) -> Result<VersionVerdict, OperatorError> {
        Box::pin(self.probe(Budget::of(LONGEST))).await
    }

    async fn probe(&self, budget: Budget) -> Result<VersionVerdict, OperatorError> {
        let shown = self.engine.versions.current(budget).await;
        let dialer = self.engine.dialer.showing(shown);
        let greeted = dialer.greet(budget, self.engine.clock.now()).await?;
        let version = greeted.version();
        let noise_key = Zeroizing::new(random::<32>()?);
        let entered = greeted.enter(&noise_key, &payload(version), budget, || true).await;
        let mut online = entered.map_err(|abandoned| match abandoned {
            Abandoned::Failed(failure) => failure,
            Abandoned::LeaseExpired => Failure::Closed,
        })?;
        let verdict = match tokio::time::timeout_at(budget.end(), online.stanza()).await {
            Ok(Err(Failure::Login(LoginFailure::VersionRefused(_)))) => {
                VersionVerdict::Refused(version)
            }
            // It knows no such device, which is true; or it tells one of a taken version
            // `<pair-device>`, or whatever else.
            Ok(Err(Failure::Login(_)) | Ok(_)) => VersionVerdict::Taken(version),
            Ok(Err(failure)) => return Err(failure.into()),
            Err(_) => return Err(Failure::Timeout(whatsapp::Step::Login).into()),
        };
        online.close(budget).await;
        Ok(verdict)
    }
}

/// The payload of a device without a number: one that wants to be linked.
fn payload(version: ClientVersion) -> Vec<u8> {
    let mut device = Device::new();
    [device.app_version_primary, device.app_version_secondary, device.app_version_tertiary] =
        version.0;
    client_payload_to_vec(&device.get_client_payload())
}
