//! Curve25519 key pairs of the simulated world.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wacore::libsignal::protocol::{CurveError, KeyPair, PrivateKey};

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
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("public", &hex::encode(self.public)).finish_non_exhaustive()
    }
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
