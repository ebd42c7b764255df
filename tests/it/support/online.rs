//! A session's connection by itself, without the run around it.

use std::time::Duration;

use domain::clock::{Budget, Clock, SystemClock};
use domain::credentials::Credentials;
use local_stack::traffic::Traffic;
use whatsapp::Online;

use super::Rig;

/// More time than any step needs.
pub const PLENTY: Duration = Duration::from_secs(20);

impl Rig {
    /// The credentials of `acme/sales`.
    pub fn credentials(&self) -> Credentials {
        Credentials {
            noise_private_key: zeroize::Zeroizing::new(self.device.noise_private_key),
            device: self.device.jid.parse().unwrap(),
            lid: Some(self.device.lid.clone()),
            proxy: None,
        }
    }

    /// A login of `acme/sales`, with nothing of the table around it.
    pub async fn online(&self) -> Online {
        let budget = Budget::of(PLENTY);
        let dialer = &self.local(&Traffic::new()).engine.dialer;
        let greeted = dialer.greet(budget, SystemClock::new().now()).await.unwrap();
        greeted.login(&self.credentials(), budget, || true).await.unwrap()
    }
}
