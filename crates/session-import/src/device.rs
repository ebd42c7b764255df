//! One stored device, and the check that makes credentials of it.

use domain::credentials::{Credentials, DeviceJid};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::error::ImportError;
use crate::jid::{self, Own};

/// Both halves of a noise key as they are stored; some software keeps only the first.
pub(crate) struct NoiseKey {
    pub(crate) private: Zeroizing<Vec<u8>>,
    pub(crate) public: Option<Vec<u8>>,
}

/// A linked device as it is stored. A faulty key comes to light only when this device
/// is the chosen one, so that a broken row does not stand in a good one's way.
pub(crate) struct Device {
    pub(crate) jid: DeviceJid,
    pub(crate) lid: Option<String>,
    pub(crate) key: Result<NoiseKey, ImportError>,
}

impl Device {
    /// From what the store has for JID and LID. `field` names the JID's place.
    pub(crate) fn new(
        field: &'static str,
        jid: &str,
        lid: Option<&str>,
        key: Result<NoiseKey, ImportError>,
    ) -> Result<Self, ImportError> {
        match jid::own(jid) {
            // Rows and files exist from the moment that keys are made.
            None if jid.is_empty() => Err(ImportError::NotLinked),
            Some(Own::Account(_)) => Err(ImportError::NotLinked),
            None => Err(ImportError::Malformed(field)),
            Some(Own::Device(jid)) => Ok(Self { jid, lid: lid.and_then(jid::lid), key }),
        }
    }

    /// The same device with the same key.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        let keys = self.key.as_ref().ok().zip(other.key.as_ref().ok());
        self.jid == other.jid && keys.is_some_and(|(one, other)| one.private == other.private)
    }

    /// What a login needs of it, once the key is known to be one.
    pub(crate) fn credentials(self) -> Result<Credentials, ImportError> {
        let NoiseKey { private, public } = self.key?;
        let noise_private_key = exactly_32(&private)?;
        if noise_private_key.iter().all(|byte| *byte == 0) {
            return Err(ImportError::KeyBlank);
        }
        if let Some(public) = public {
            // Signal's form of a public key has its type, 5, in front.
            let public =
                public.strip_prefix(&[5]).filter(|rest| rest.len() == 32).unwrap_or(&public);
            let public = exactly_32(public)?;
            let ours = PublicKey::from(&StaticSecret::from(*noise_private_key));
            if ours.as_bytes() != &*public {
                return Err(ImportError::KeyMismatch);
            }
        }
        Ok(Credentials { noise_private_key, device: self.jid, lid: self.lid, proxy: None })
    }
}

fn exactly_32(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, ImportError> {
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(ImportError::KeyLength { expected: key.len(), found: bytes.len() });
    }
    key.copy_from_slice(bytes);
    Ok(key)
}
