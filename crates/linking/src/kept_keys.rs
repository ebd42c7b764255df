//! A device's keys as bytes, for a first login that another run is to end.

use domain::credentials::Credentials;
use wacore::libsignal::protocol::{KeyPair, PrivateKey};
use zeroize::Zeroizing;

use crate::companion::Companion;
use crate::pairing::Paired;

/// The first byte: for the day that the form changes.
const FORM: u8 = 1;
/// Form, identity key, signed pre-key and its signature, seed of the one-time keys,
/// registration id, id of the signed pre-key.
const LENGTH: usize = 1 + 32 + 32 + 64 + 32 + 4 + 4;

/// The bytes are no device's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the keys of the first login cannot be read; unlink the device on the phone and link again"
)]
pub struct NotKeys;

impl Paired {
    /// The keys that the first login needs beside the credentials. Secret, as these are: who
    /// has them can read what is written to the device.
    pub fn keys(&self) -> Zeroizing<Vec<u8>> {
        let device = &self.companion.device;
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        bytes.push(FORM);
        bytes.extend_from_slice(device.identity_key.private_key.serialize().as_ref());
        bytes.extend_from_slice(device.signed_pre_key.private_key.serialize().as_ref());
        bytes.extend_from_slice(&device.signed_pre_key_signature);
        bytes.extend_from_slice(self.companion.one_time_seed.as_slice());
        bytes.extend_from_slice(&device.registration_id.to_be_bytes());
        bytes.extend_from_slice(&device.signed_pre_key_id.to_be_bytes());
        bytes
    }

    /// A device that was paired before, whose first login has still to come to its end.
    ///
    /// # Errors
    /// [`NotKeys`] when `keys` are not what [`Paired::keys`] gave.
    pub fn resumed(credentials: Credentials, keys: &[u8]) -> Result<Self, NotKeys> {
        let (&[FORM], rest) = keys.split_first_chunk::<1>().ok_or(NotKeys)? else {
            return Err(NotKeys);
        };
        let (identity, rest) = rest.split_first_chunk::<32>().ok_or(NotKeys)?;
        let (signed, rest) = rest.split_first_chunk::<32>().ok_or(NotKeys)?;
        let (signature, rest) = rest.split_first_chunk::<64>().ok_or(NotKeys)?;
        let (seed, rest) = rest.split_first_chunk::<32>().ok_or(NotKeys)?;
        let (registration_id, rest) = rest.split_first_chunk::<4>().ok_or(NotKeys)?;
        let signed_id: [u8; 4] = rest.try_into().map_err(|_| NotKeys)?;
        let mut companion = Companion::new();
        companion.one_time_seed = Zeroizing::new(*seed);
        let device = &mut companion.device;
        device.identity_key = pair(identity)?;
        device.signed_pre_key = pair(signed)?;
        device.signed_pre_key_signature = *signature;
        device.registration_id = u32::from_be_bytes(*registration_id);
        device.signed_pre_key_id = u32::from_be_bytes(signed_id);
        Ok(Self { credentials, platform: String::new(), business_name: None, companion })
    }
}

fn pair(private: &[u8]) -> Result<KeyPair, NotKeys> {
    PrivateKey::deserialize(private).and_then(KeyPair::try_from).map_err(|_| NotKeys)
}
