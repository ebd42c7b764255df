//! Whether WhatsApp can be reached, proves to be WhatsApp, and takes our client
//! version: without any instance's session.

use std::time::Duration;

use domain::clock::Budget;
use whatsapp::VersionVerdict;

use crate::{Operator, OperatorError};

/// Longest probe.
const LONGEST: Duration = Duration::from_secs(10);

impl Operator {
    /// Whether WhatsApp is there, and takes the version that counts.
    ///
    /// # Errors
    /// [`OperatorError::WhatsApp`] when it cannot be reached or is not WhatsApp.
    pub async fn probe_whatsapp(&self) -> Result<VersionVerdict, OperatorError> {
        let budget = Budget::of(LONGEST);
        let shown = self.engine.versions.current(budget).await;
        let dialer = self.engine.dialer.showing(shown);
        Ok(Box::pin(dialer.probe(budget, self.engine.clock.now())).await?)
    }
}
