//! Region, credentials and endpoints, as they are configured.

use std::fmt;

use zeroize::Zeroizing;

/// Region, credentials and endpoint, as Lambda sets them.
pub struct Aws {
    /// The region to sign for.
    pub region: String,
    /// Another DynamoDB than AWS's.
    pub dynamodb: Option<String>,
    /// Another KMS than AWS's.
    pub kms: Option<String>,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Zeroizing<String>,
    /// Session token of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.region)
            .field("dynamodb", &self.dynamodb)
            .field("kms", &self.kms)
            .finish_non_exhaustive()
    }
}
