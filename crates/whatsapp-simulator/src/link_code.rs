//! The phone's half of linking by an eight-character code.
//!
//! The code never travels: both sides wrap their ephemeral keys with a key derived from it. Whoever
//! has another code unwraps another key, and finds out when the companion's key bundle does not
//! open. The companion's half: wacore 0.7.0 `src/pair_code.rs`.

use wacore::crypto::hkdf_sha256_into;
use wacore::libsignal::crypto::aes_256_gcm_decrypt;
use wacore::pair_code::PairCodeUtils;

use crate::keys::Keys;
use crate::phone_keys::PhoneKeys;

const BUNDLE_INFO: &[u8] = b"link_code_pairing_key_bundle_encryption_key";
const SECRET_INFO: &[u8] = b"adv_secret";

/// What a companion said when it asked for a code to be accepted.
#[derive(Clone, Debug)]
pub(crate) struct CompanionHello {
    /// The number it wants to be linked to.
    pub(crate) phone: String,
    pub(crate) wrapped_ephemeral: Vec<u8>,
    pub(crate) pairing_ref: Vec<u8>,
}

/// What a companion said after the phone had its code.
#[derive(Debug)]
pub(crate) struct CompanionFinish {
    pub(crate) wrapped_bundle: Vec<u8>,
    pub(crate) identity: [u8; 32],
}

/// A code that was typed in, and the keys for it.
pub(crate) struct TypedCode {
    ephemeral: Keys,
    companion_ephemeral: [u8; 32],
    /// What the companion unwraps with the code that it shows.
    pub(crate) wrapped_ephemeral: Vec<u8>,
}

/// The code as typed, without the dash that screens show in its middle.
pub(crate) fn normalise(code: &str) -> Option<String> {
    let code: String =
        code.chars().filter(|letter| *letter != '-').map(|c| c.to_ascii_uppercase()).collect();
    PairCodeUtils::validate_code(&code).then_some(code)
}

impl TypedCode {
    /// Unwraps the companion's key and wraps one of ours. Slow: two times PBKDF2.
    pub(crate) fn derive(code: &str, hello: &CompanionHello) -> Option<Self> {
        let companion_ephemeral =
            PairCodeUtils::decrypt_primary_ephemeral_pub(&hello.wrapped_ephemeral, code).ok()?;
        let ephemeral = Keys::generate();
        let wrapped = PairCodeUtils::encrypt_ephemeral_pub(ephemeral.public(), code);
        Some(Self { ephemeral, companion_ephemeral, wrapped_ephemeral: wrapped.to_vec() })
    }

    /// The ADV secret that both sides have from here on; nothing when the bundle does not open,
    /// or is not about these two.
    pub(crate) fn adv_secret(
        &self,
        phone: &PhoneKeys,
        finish: &CompanionFinish,
    ) -> Option<[u8; 32]> {
        let shared = self.ephemeral.agree(&self.companion_ephemeral).ok()?;
        let (salt, rest) = finish.wrapped_bundle.split_first_chunk::<32>()?;
        let (nonce, sealed) = rest.split_first_chunk::<12>()?;
        let mut key = [0; 32];
        hkdf_sha256_into(&shared, Some(salt), BUNDLE_INFO, &mut key).ok()?;
        let mut bundle = Vec::new();
        aes_256_gcm_decrypt(&key, nonce, b"", sealed, &mut bundle).ok()?;
        let (companion_identity, rest) = bundle.split_first_chunk::<32>()?;
        let (our_identity, random) = rest.split_first_chunk::<32>()?;
        let about_us = *companion_identity == finish.identity
            && our_identity == phone.identity.public()
            && random.len() == 32;
        if !about_us {
            return None;
        }
        let identities = phone.identity.agree(&finish.identity).ok()?;
        let mut secret = [0; 32];
        let material = [shared.as_slice(), &identities, random].concat();
        hkdf_sha256_into(&material, None, SECRET_INFO, &mut secret).ok()?;
        Some(secret)
    }
}
