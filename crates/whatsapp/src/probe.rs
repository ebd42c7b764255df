//! Whether WhatsApp can be reached, proves to be WhatsApp, and takes our client version:
//! without any session.

use domain::client_version::ClientVersion;
use domain::clock::{Budget, UnixMillis};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout_at;
use wacore::store::Device;
use waproto::codec::client_payload_to_vec;
use zeroize::Zeroizing;

use super::dial::Dialer;
use super::failure::{Failure, LoginFailure, Step};
use super::login::Abandoned;

/// What WhatsApp made of our client version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionVerdict {
    /// It goes on with it.
    Taken(ClientVersion),
    /// It refuses it (405).
    Refused(ClientVersion),
}

impl Dialer {
    /// Connects as a device that is not linked yet, as a browser does that is about
    /// to show a QR code, and hangs up at the first answer.
    ///
    /// # Errors
    /// When it cannot be reached or is not WhatsApp.
    pub async fn probe(&self, budget: Budget, now: UnixMillis) -> Result<VersionVerdict, Failure> {
        let greeted = self.greet(budget, now).await?;
        let version = greeted.version();
        let mut noise_key = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(noise_key.as_mut_slice())
            .map_err(|_| Failure::Protocol("no randomness"))?;
        let entered = greeted.enter(&noise_key, &payload(version), budget, || true).await;
        let mut online = entered.map_err(|abandoned| match abandoned {
            Abandoned::Failed(failure) => failure,
            Abandoned::LeaseExpired => Failure::Closed,
        })?;
        let verdict = match timeout_at(budget.end(), online.stanza()).await {
            Ok(Err(Failure::Login(LoginFailure::VersionRefused(_)))) => {
                VersionVerdict::Refused(version)
            }
            // It knows no such device, which is true; or it tells one of a taken version
            // `<pair-device>`, or whatever else.
            Ok(Err(Failure::Login(_)) | Ok(_)) => VersionVerdict::Taken(version),
            Ok(Err(failure)) => return Err(failure),
            Err(_) => return Err(Failure::Timeout(Step::Login)),
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
