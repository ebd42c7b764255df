//! The account's signature under a companion's key, and the companion's under its own.
//!
//! Prefixes and layout: wacore 0.7.0 `src/pair.rs`, corrected as WhatsApp Web's pairing has it: the
//! prefix of the account's signature follows the inner device type, that of the device's is
//! always the same, and the HMAC follows the outer account type.

use wacore::libsignal::crypto::{hmac_sha256, hmac_sha256_two_part};
use wacore::libsignal::protocol::CurveError;
use waproto::buffa::Message;
use waproto::whatsapp::{
    ADVDeviceIdentity, ADVEncryptionType, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC,
};

use crate::account_kind::AccountKind;
use crate::clock::unix_now;
use crate::keys::{Keys, verifies};
use crate::phone_keys::PhoneKeys;
use crate::reaction::PairSuccessFault;

const ACCOUNT_SIGNATURE: [u8; 2] = [6, 0];
const DEVICE_SIGNATURE: [u8; 2] = [6, 1];
const HOSTED: [u8; 2] = [6, 5];

/// Whom a phone vouches for, and with what.
pub(crate) struct Voucher<'a> {
    pub(crate) keys: &'a PhoneKeys,
    pub(crate) kind: AccountKind,
    pub(crate) key_index: u32,
    pub(crate) companion_identity: [u8; 32],
    pub(crate) adv_secret: [u8; 32],
}

/// A companion's identity as the phone signed it.
#[derive(Clone, Debug)]
pub(crate) struct SignedByPhone {
    /// What `<device-identity>` holds.
    pub(crate) container: Vec<u8>,
    pub(crate) key_index: u32,
    details: Vec<u8>,
    account_key: [u8; 32],
    account_signature: Vec<u8>,
    companion_identity: [u8; 32],
}

impl Voucher<'_> {
    /// Signs, with one thing wrong where `fault` says so.
    pub(crate) fn sign(self, fault: Option<PairSuccessFault>) -> Result<SignedByPhone, CurveError> {
        let (account_type, device_type, prefix) = match self.kind {
            AccountKind::Personal => {
                (ADVEncryptionType::E2EE, ADVEncryptionType::E2EE, ACCOUNT_SIGNATURE)
            }
            AccountKind::Business => {
                (ADVEncryptionType::HOSTED, ADVEncryptionType::E2EE, ACCOUNT_SIGNATURE)
            }
            AccountKind::Hosted => (ADVEncryptionType::HOSTED, ADVEncryptionType::HOSTED, HOSTED),
        };
        let stranger = Keys::generate();
        let mut signer = &self.keys.identity;
        let mut key_index = Some(self.key_index);
        let mut is_for_another_secret = false;
        let mut is_garbled = false;
        match fault {
            Some(PairSuccessFault::AccountSignature) => signer = &stranger,
            Some(PairSuccessFault::NoKeyIndex) => key_index = None,
            Some(PairSuccessFault::Hmac) => is_for_another_secret = true,
            Some(PairSuccessFault::Garbled) => is_garbled = true,
            // What is left out beside the identity, or in place of it.
            Some(PairSuccessFault::NoIdentity | PairSuccessFault::NoDevice) | None => {}
        }
        let details = ADVDeviceIdentity {
            raw_id: Some(self.keys.raw_id),
            timestamp: Some(unix_now()),
            key_index,
            account_type: Some(account_type),
            device_type: Some(device_type),
        }
        .encode_to_vec();
        let message = [&prefix, details.as_slice(), &self.companion_identity].concat();
        let account_key = *self.keys.identity.public();
        let account_signature = signer.sign(&message)?;
        let signed = ADVSignedDeviceIdentity {
            details: Some(details.clone()),
            account_signature_key: Some(account_key.to_vec()),
            account_signature: Some(account_signature.to_vec()),
            device_signature: None,
        }
        .encode_to_vec();
        let mut hmac = match self.kind {
            AccountKind::Personal => hmac_sha256(&self.adv_secret, &signed),
            AccountKind::Business | AccountKind::Hosted => {
                hmac_sha256_two_part(&self.adv_secret, &HOSTED, &signed)
            }
        };
        if is_for_another_secret {
            hmac = hmac.map(|byte| !byte);
        }
        let container = ADVSignedDeviceIdentityHMAC {
            details: Some(signed),
            hmac: Some(hmac.to_vec()),
            account_type: Some(account_type),
        };
        Ok(SignedByPhone {
            container: if is_garbled { vec![0xFF; 64] } else { container.encode_to_vec() },
            key_index: self.key_index,
            details,
            account_key,
            account_signature: account_signature.to_vec(),
            companion_identity: self.companion_identity,
        })
    }
}

impl SignedByPhone {
    /// Checks what the companion sent back.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check_reply(&self, identity: &[u8]) -> Result<(), &'static str> {
        let reply = ADVSignedDeviceIdentity::decode_from_slice(identity)
            .map_err(|_| "the device identity cannot be decoded")?;
        if reply.account_signature_key.is_some_and(|key| !key.is_empty()) {
            return Err("the reply carries account_signature_key, which real clients leave out");
        }
        if reply.details.as_ref() != Some(&self.details) {
            return Err("the reply has other details");
        }
        if reply.account_signature.as_ref() != Some(&self.account_signature) {
            return Err("the reply has another account signature");
        }
        let signature = reply.device_signature.ok_or("the reply has no device signature")?;
        let message = [
            DEVICE_SIGNATURE.as_slice(),
            &self.details,
            &self.companion_identity,
            &self.account_key,
        ]
        .concat();
        if verifies(&self.companion_identity, &message, &signature) {
            Ok(())
        } else {
            Err("the device signature does not verify")
        }
    }
}
