//! The phone's memory of one chat: long enough for its first letters.

use async_trait::async_trait;
use wacore::libsignal::protocol::{
    Direction, IdentityChange, IdentityKey, IdentityKeyPair, IdentityKeyStore, ProtocolAddress,
    SessionRecord, SessionStore, SignalProtocolError,
};

/// The phone's own identity and the session with one companion. The two halves are apart because
/// encrypting borrows both.
pub(crate) struct OwnIdentity {
    pub(crate) pair: IdentityKeyPair,
    pub(crate) registration_id: u32,
    pub(crate) theirs: Option<IdentityKey>,
}

/// See [`OwnIdentity`].
#[derive(Default)]
pub(crate) struct OneSession(Option<SessionRecord>);

#[async_trait]
impl IdentityKeyStore for OwnIdentity {
    async fn get_identity_key_pair(&self) -> Result<IdentityKeyPair, SignalProtocolError> {
        Ok(self.pair.clone())
    }

    async fn get_local_registration_id(&self) -> Result<u32, SignalProtocolError> {
        Ok(self.registration_id)
    }

    async fn save_identity(
        &mut self,
        _: &ProtocolAddress,
        identity: &IdentityKey,
    ) -> Result<IdentityChange, SignalProtocolError> {
        self.theirs = Some(*identity);
        Ok(IdentityChange::NewOrUnchanged)
    }

    async fn is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Result<bool, SignalProtocolError> {
        // The account has signed this identity itself.
        Ok(true)
    }

    async fn get_identity(
        &self,
        _: &ProtocolAddress,
    ) -> Result<Option<IdentityKey>, SignalProtocolError> {
        Ok(self.theirs)
    }
}

#[async_trait]
impl SessionStore for OneSession {
    async fn load_session(
        &self,
        _: &ProtocolAddress,
    ) -> Result<Option<SessionRecord>, SignalProtocolError> {
        Ok(self.0.clone())
    }

    async fn has_session(&self, _: &ProtocolAddress) -> Result<bool, SignalProtocolError> {
        Ok(self.0.is_some())
    }

    async fn store_session(
        &mut self,
        _: &ProtocolAddress,
        record: SessionRecord,
    ) -> Result<(), SignalProtocolError> {
        self.0 = Some(record);
        Ok(())
    }
}
