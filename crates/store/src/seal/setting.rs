//! What wraps the data keys, as it is configured.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

/// What wraps the data keys.
#[derive(Debug)]
pub enum Sealing {
    /// 32 bytes in the configuration: for the local stack and tests.
    Key(SealingKey),
    /// A key of KMS, which never leaves it.
    Kms(KmsKeyArn),
}

/// The 32 bytes that wrap the data keys.
pub struct SealingKey(pub Zeroizing<[u8; 32]>);

/// A KMS key, by its ARN or an alias' ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKeyArn {
    arn: String,
    region: String,
}

/// The text is no KMS key's ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a KMS key")]
pub struct NotAKmsKeyArn;

/// The key's ARN, or that of an alias: `arn:aws:kms:eu-west-1:111122223333:key/…`.
impl FromStr for KmsKeyArn {
    type Err = NotAKmsKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "kms", region, account, key]
                if !partition.is_empty()
                    && !region.is_empty()
                    && !account.is_empty()
                    && (key.starts_with("key/") || key.starts_with("alias/")) =>
            {
                Ok(Self { region: (*region).to_owned(), arn: text.to_owned() })
            }
            _ => Err(NotAKmsKeyArn),
        }
    }
}

impl KmsKeyArn {
    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// The region that the ARN names: where KMS is asked.
    pub fn region(&self) -> &str {
        &self.region
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}
