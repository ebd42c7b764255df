//! The client version that is shown to WhatsApp: an item that every environment
//! reads again within minutes.

use domain::client_version::ClientVersion;
use store::client_version::SetVersion;

use crate::{Operator, OperatorError, PATIENCE, patience};

/// Which version is shown, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownVersion {
    /// The one that an operator has set: it counts.
    pub set: Option<SetVersion>,
    /// The configured one, which counts while none is set.
    pub configured: ClientVersion,
}

impl ShownVersion {
    /// The one that counts.
    pub fn version(&self) -> ClientVersion {
        self.set.map_or(self.configured, |set| set.version)
    }
}

impl Operator {
    /// The version that is shown to WhatsApp.
    ///
    /// # Errors
    /// The table's.
    pub async fn shown_version(&self) -> Result<ShownVersion, OperatorError> {
        let versions = &self.engine.versions;
        let set = versions.read(patience()).await?;
        Ok(ShownVersion { set, configured: versions.configured() })
    }

    /// Sets it.
    ///
    /// # Errors
    /// The table's.
    pub async fn set_version(&self, version: ClientVersion) -> Result<(), OperatorError> {
        let set = SetVersion { version, set_at: self.now().await? };
        // Without a condition nothing can be refused.
        let _ = self.table.write(vec![set.put()], PATIENCE).await?;
        Ok(())
    }
}
