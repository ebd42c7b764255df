//! Secrets at rest: AES-256-GCM with data keys that are themselves wrapped.
//! The only room that sees a key.
//!
//! A sealed value names its data key. A data key is an item of its own, wrapped
//! by the sealing key; one that is not in memory is loaded when it is needed,
//! so a rotation breaks no running environment. The additional data binds the
//! account, the instance and the key's id, each with its length before it, so a
//! sealed value that is copied to another item does not open.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::clock::Budget;
use crate::config::SealingKey;
use crate::table::{Attributes, Item, StoreError, Table, binary, keys, text};
use crate::tenant::InstanceId;

/// A value that only this room can open. Nonce, ciphertext and tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The data key's id.
    pub key_id: String,
    /// What is stored.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.bytes.len())
    }
}

/// Why a value did not open, or was not sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Its data key is in no item.
    #[error("the data key does not exist")]
    UnknownKey,
    /// Damaged, forged, of another instance, or of another sealing key.
    #[error("the sealed value does not open")]
    DoesNotOpen,
    /// No randomness, or a key of a wrong size.
    #[error("the value could not be sealed")]
    NotSealed,
    /// The data key could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The data keys that were unwrapped so far, and how to get others.
pub struct Keyring {
    table: Table,
    wrapping: LessSafeKey,
    opened: RwLock<HashMap<String, Arc<LessSafeKey>>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// A keyring whose data keys are wrapped by `key` and stand in `table`.
    ///
    /// # Errors
    /// [`SealError::NotSealed`] when the cipher refuses the key.
    pub fn new(table: Table, key: &SealingKey) -> Result<Self, SealError> {
        let wrapping = cipher(key.0.as_slice())?;
        Ok(Self { table, wrapping, opened: RwLock::default() })
    }

    /// Loads every data key, so that the first request finds its own. One that
    /// another sealing key wrapped is passed over: only its values need it.
    ///
    /// # Errors
    /// When they cannot be read; each is tried again when it is needed.
    pub async fn preload(&self, budget: Budget) -> Result<(), StoreError> {
        for item in self.table.list(keys::DATA_KEYS, "KEY#", budget).await? {
            let item = Item(&item);
            let id = item.text("key_id")?;
            if let Err(error) = self.unwrap(id, item) {
                tracing::warn!(key = id, %error, "a data key cannot be used");
            }
        }
        Ok(())
    }

    /// Opens a value of `owner`'s.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn open(
        &self,
        sealed: &Sealed,
        owner: &InstanceId,
        budget: Budget,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.data_key(&sealed.key_id, budget).await?;
        open(&key, &sealed.bytes, &bound_to(owner, &sealed.key_id))
    }

    /// Seals a value of `owner`'s with the data key `key_id`.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn seal(
        &self,
        plain: &[u8],
        owner: &InstanceId,
        key_id: &str,
        budget: Budget,
    ) -> Result<Sealed, SealError> {
        let key = self.data_key(key_id, budget).await?;
        let bytes = seal(&key, plain, &bound_to(owner, key_id))?;
        Ok(Sealed { key_id: key_id.to_owned(), bytes })
    }

    /// A new data key, as the item to store.
    ///
    /// # Errors
    /// [`SealError::NotSealed`].
    pub fn new_data_key(&self, id: &str) -> Result<Attributes, SealError> {
        let mut plain = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(plain.as_mut_slice()).map_err(|_| SealError::NotSealed)?;
        let wrapped = seal(&self.wrapping, plain.as_slice(), &wrapping_aad(id))?;
        let key = keys::data_key(id);
        Ok(HashMap::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("key_id".to_owned(), text(id)),
            ("wrapped".to_owned(), binary(wrapped)),
        ]))
    }

    async fn data_key(&self, id: &str, budget: Budget) -> Result<Arc<LessSafeKey>, SealError> {
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let item = self.table.get(&keys::data_key(id), budget).await?;
        self.unwrap(id, Item(&item.ok_or(SealError::UnknownKey)?))
    }

    fn unwrap(&self, id: &str, item: Item<'_>) -> Result<Arc<LessSafeKey>, SealError> {
        let wrapped = item.binary("wrapped").map_err(StoreError::from)?;
        let plain = open(&self.wrapping, wrapped, &wrapping_aad(id))?;
        let key = Arc::new(cipher(&plain)?);
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        opened.insert(id.to_owned(), Arc::clone(&key));
        Ok(key)
    }
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::NotSealed)?;
    Ok(LessSafeKey::new(key))
}

fn wrapping_aad(id: &str) -> Vec<u8> {
    with_lengths(&["leave-group data key", id])
}

fn bound_to(owner: &InstanceId, key_id: &str) -> Vec<u8> {
    with_lengths(&[owner.account.as_str(), owner.name.as_str(), key_id])
}

/// Lengths keep `("ab", "c")` and `("a", "bc")` apart.
fn with_lengths(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn seal(key: &LessSafeKey, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::NotSealed)?;
    let mut bytes = Zeroizing::new(plain.to_vec());
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            bytes.as_mut_slice(),
        )
        .map_err(|_| SealError::NotSealed)?;
    Ok([&nonce, bytes.as_slice(), tag.as_ref()].concat())
}

fn open(key: &LessSafeKey, sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::DoesNotOpen)?;
    let mut bytes = Zeroizing::new(rest.to_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), bytes.as_mut_slice())
        .map_err(|_| SealError::DoesNotOpen)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}
