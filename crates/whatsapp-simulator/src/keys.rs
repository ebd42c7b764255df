//! Curve25519 key pairs of the simulated world.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wacore::libsignal::protocol::{CurveError, KeyPair, PrivateKey, PublicKey};

/// A key pair that can be written to JSON and never shows its private half.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Keys {
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    private: [u8; 32],
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    public: [u8; 32],
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let pair = KeyPair::generate(&mut rand::rng());
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key.public_key_bytes());
        Self { private: *pair.private_key.serialize(), public }
    }

    pub(crate) fn private(&self) -> &[u8; 32] {
        &self.private
    }

    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The `XEdDSA` signature that the certificate chain is made of.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; 64], CurveError> {
        PrivateKey::deserialize(&self.private)?.calculate_signature(message, &mut rand::rng())
    }

    /// The X25519 secret shared with the holder of a public key.
    pub(crate) fn agree(&self, theirs: &[u8; 32]) -> Result<[u8; 32], CurveError> {
        let theirs = PublicKey::from_djb_public_key_bytes(theirs)?;
        PrivateKey::deserialize(&self.private)?.calculate_agreement(&theirs)
    }

    pub(crate) fn pair(&self) -> Result<KeyPair, CurveError> {
        KeyPair::try_from(PrivateKey::deserialize(&self.private)?)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("public", &hex::encode(self.public)).finish_non_exhaustive()
    }
}

/// Whether a signature is by the holder of a public key; a key that is none has signed nothing.
pub(crate) fn verifies(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    PublicKey::from_djb_public_key_bytes(public)
        .is_ok_and(|key| key.verify_signature(message, signature))
}

pub(crate) fn to_hex<S: Serializer>(key: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(key))
}

pub(crate) fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut key = [0; 32];
    hex::decode_to_slice(&text, &mut key).map_err(serde::de::Error::custom)?;
    Ok(key)
}

/// The same for bytes of any length.
pub(crate) fn bytes_to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

pub(crate) fn bytes_from_hex<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
