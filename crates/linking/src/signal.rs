//! Decrypting the phone's first messages. All of it lives in memory and ends with the first login:
//! the function never decrypts a message.

use std::collections::HashMap;

use async_trait::async_trait;
use rand::rngs::StdRng;
use wacore::libsignal::protocol::error::Result;
use wacore::libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey, IdentityChange, IdentityKey,
    IdentityKeyPair, IdentityKeyStore, PreKeyId, PreKeyRecord, PreKeySignalMessage, PreKeyStore,
    ProtocolAddress, SessionRecord, SessionStore, SignalMessage, SignalProtocolError,
    SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp, UsePQRatchet,
    message_decrypt,
};
use wacore::store::Device;

use crate::keys::OneTimeKeys;

/// The device's end of every Signal session.
pub(crate) struct Signal<'a> {
    sessions: Sessions,
    identities: Identities<'a>,
    one_time: OneTime<'a>,
    signed: Signed<'a>,
}

/// How an `<enc>` is encrypted.
#[derive(Clone, Copy)]
pub(crate) enum Sealing {
    /// `pkmsg`: begins a session with one of our keys.
    FirstMessage,
    /// `msg`: goes on with it.
    LaterMessage,
}

impl<'a> Signal<'a> {
    pub(crate) fn new(device: &'a Device, keys: &'a OneTimeKeys) -> Self {
        Self {
            sessions: Sessions::default(),
            identities: Identities { device, known: HashMap::new() },
            one_time: OneTime(keys),
            signed: Signed(device),
        }
    }

    /// The padded plaintext of a message.
    pub(crate) async fn decrypt(
        &mut self,
        sender: &ProtocolAddress,
        sealing: Sealing,
        ciphertext: &[u8],
    ) -> Result<Vec<u8>> {
        let message = match sealing {
            Sealing::FirstMessage => {
                CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(ciphertext)?)
            }
            Sealing::LaterMessage => {
                CiphertextMessage::SignalMessage(SignalMessage::try_from(ciphertext)?)
            }
        };
        let decrypted = message_decrypt(
            &message,
            sender,
            &mut self.sessions,
            &mut self.identities,
            &mut self.one_time,
            &self.signed,
            &mut rand::make_rng::<StdRng>(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(decrypted.plaintext)
    }
}

#[derive(Default)]
struct Sessions(HashMap<ProtocolAddress, SessionRecord>);

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Result<Option<SessionRecord>> {
        Ok(self.0.get(address).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Result<bool> {
        Ok(self.0.contains_key(address))
    }

    async fn store_session(
        &mut self,
        address: &ProtocolAddress,
        record: SessionRecord,
    ) -> Result<()> {
        self.0.insert(address.clone(), record);
        Ok(())
    }
}

struct Identities<'a> {
    device: &'a Device,
    known: HashMap<ProtocolAddress, IdentityKey>,
}

#[async_trait]
impl IdentityKeyStore for Identities<'_> {
    async fn get_identity_key_pair(&self) -> Result<IdentityKeyPair> {
        let pair = &self.device.identity_key;
        Ok(IdentityKeyPair::new(IdentityKey::new(pair.public_key), pair.private_key.clone()))
    }

    async fn get_local_registration_id(&self) -> Result<u32> {
        Ok(self.device.registration_id)
    }

    async fn save_identity(
        &mut self,
        address: &ProtocolAddress,
        identity: &IdentityKey,
    ) -> Result<IdentityChange> {
        match self.known.insert(address.clone(), *identity) {
            Some(before) if before != *identity => Ok(IdentityChange::ReplacedExisting),
            _ => Ok(IdentityChange::NewOrUnchanged),
        }
    }

    /// Nothing that these messages say is believed or shown; they are only acknowledged.
    async fn is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Result<bool> {
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> Result<Option<IdentityKey>> {
        Ok(self.known.get(address).copied())
    }
}

/// One-time keys are kept when used: a message that comes twice is decrypted twice.
struct OneTime<'a>(&'a OneTimeKeys);

#[async_trait]
impl PreKeyStore for OneTime<'_> {
    async fn get_pre_key(&self, id: PreKeyId) -> Result<PreKeyRecord> {
        let pair = self.0.get(id.into()).ok_or(SignalProtocolError::InvalidPreKeyId)?;
        Ok(PreKeyRecord::new(id, pair))
    }

    async fn save_pre_key(&mut self, _: PreKeyId, _: &PreKeyRecord) -> Result<()> {
        Ok(())
    }

    async fn remove_pre_key(&mut self, _: PreKeyId) -> Result<()> {
        Ok(())
    }
}

struct Signed<'a>(&'a Device);

#[async_trait]
impl SignedPreKeyStore for Signed<'_> {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Result<SignedPreKeyRecord> {
        if u32::from(id) != self.0.signed_pre_key_id {
            return Err(SignalProtocolError::InvalidSignedPreKeyId);
        }
        Ok(SignedPreKeyRecord::new(
            id,
            Timestamp::from_epoch_millis(0),
            &self.0.signed_pre_key,
            &self.0.signed_pre_key_signature,
        ))
    }

    async fn save_signed_pre_key(
        &mut self,
        _: SignedPreKeyId,
        _: &SignedPreKeyRecord,
    ) -> Result<()> {
        Ok(())
    }
}
