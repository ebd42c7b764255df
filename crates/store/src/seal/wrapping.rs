//! What wraps the data keys: KMS, or 32 bytes in the configuration.

use std::fmt;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_types::region::Region;
use domain::clock::Budget;
use ring::aead::LessSafeKey;
use tokio::time::timeout_at;
use zeroize::Zeroizing;

use super::SealError;
use super::cipher::{cipher, open, seal, with_lengths};
use super::setting::{KmsKeyArn, SealingKey};
use crate::aws::Sdk;

/// Wraps and unwraps data keys.
pub struct Wrapping(Kind);

enum Kind {
    Key(Box<LessSafeKey>),
    Kms { client: Client, arn: String, table: String },
}

impl fmt::Debug for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Key(_) => "Wrapping::Key(…)",
            Kind::Kms { .. } => "Wrapping::Kms(…)",
        })
    }
}

/// Error codes that say that the ciphertext itself is wrong: of another key, of
/// another table, or damaged. No retry and no grant helps.
/// Source: KMS's API reference, `Decrypt`, "Errors".
const DOES_NOT_OPEN: [&str; 2] = ["InvalidCiphertextException", "IncorrectKeyException"];

impl Wrapping {
    /// By a key in the configuration.
    ///
    /// # Errors
    /// [`SealError::NotSealed`] when the cipher refuses the key.
    pub fn by_key(key: &SealingKey) -> Result<Self, SealError> {
        Ok(Self(Kind::Key(Box::new(cipher(key.0.as_slice())?))))
    }

    /// By a KMS key. The encryption context names the table and the data key, so a
    /// wrapped key that is copied elsewhere does not unwrap, and a key policy can
    /// tie a grant to the table (`kms:EncryptionContext:table`).
    ///
    /// `endpoint` is another KMS than AWS's.
    pub fn by_kms(key: &KmsKeyArn, table: &str, sdk: &Sdk, endpoint: Option<&str>) -> Self {
        let mut config = Builder::from(&sdk.0).region(Region::new(key.region().to_owned()));
        config.set_endpoint_url(endpoint.map(str::to_owned));
        Self(Kind::Kms {
            client: Client::from_conf(config.build()),
            arn: key.as_str().to_owned(),
            table: table.to_owned(),
        })
    }

    /// Wraps the data key `id`.
    pub(super) async fn wrap(
        &self,
        id: &str,
        plain: &[u8],
        budget: Budget,
    ) -> Result<Vec<u8>, SealError> {
        let (client, arn, table) = match &self.0 {
            Kind::Key(key) => return seal(key, plain, &additional_data(id)),
            Kind::Kms { client, arn, table } => (client, arn, table),
        };
        let call = client
            .encrypt()
            .key_id(arn)
            .plaintext(Blob::new(plain))
            .encryption_context("table", table)
            .encryption_context("data-key", id);
        let answer = timeout_at(budget.end(), call.send())
            .await
            .map_err(|_| no_time())?
            .map_err(|error| refused(&error))?;
        Ok(answer.ciphertext_blob.ok_or(SealError::NotSealed)?.into_inner())
    }

    /// Unwraps the data key `id`.
    pub(super) async fn unwrap(
        &self,
        id: &str,
        wrapped: &[u8],
        budget: Budget,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (client, arn, table) = match &self.0 {
            Kind::Key(key) => return open(key, wrapped, &additional_data(id)),
            Kind::Kms { client, arn, table } => (client, arn, table),
        };
        let call = client
            .decrypt()
            .key_id(arn)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context("table", table)
            .encryption_context("data-key", id);
        let answer = timeout_at(budget.end(), call.send())
            .await
            .map_err(|_| no_time())?
            .map_err(|error| refused(&error))?;
        Ok(Zeroizing::new(answer.plaintext.ok_or(SealError::DoesNotOpen)?.into_inner()))
    }
}

fn additional_data(id: &str) -> Vec<u8> {
    with_lengths(&["leave-group data key", id])
}

fn no_time() -> SealError {
    SealError::KeyService("no answer in time".to_owned())
}

/// The code alone: a message may name keys and roles.
fn refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> SealError {
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if DOES_NOT_OPEN.contains(&code) => SealError::DoesNotOpen,
            code => SealError::KeyService(code.unwrap_or("unknown").to_owned()),
        },
        SdkError::TimeoutError(_) => no_time(),
        SdkError::DispatchFailure(_) => SealError::KeyService("cannot connect".to_owned()),
        _ => SealError::KeyService("unreadable reply".to_owned()),
    }
}
