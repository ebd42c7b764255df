//! Secrets at rest: AES-256-GCM with data keys that are themselves wrapped.
//! The only room that sees a key.
//!
//! A sealed value names its data key. A data key is an item of its own, wrapped
//! by KMS or by the sealing key ([`Wrapping`]); one that is not in memory is
//! loaded when it is needed, so a rotation breaks no running environment. The additional data binds the
//! account, the instance and the key's id, each with its length before it, so a
//! sealed value that is copied to another item does not open.

mod cipher;
mod setting;
mod wrapping;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use domain::clock::Budget;
use domain::tenant::InstanceId;
use futures_util::future::join_all;
use ring::aead::LessSafeKey;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::rows::data_key::{self, NewDataKey};
use crate::table::{AtStart, Item, StoreError, Table, keys};
use cipher::{cipher, open, seal, with_lengths};
pub use setting::{KmsKeyArn, NotAKmsKeyArn, Sealing, SealingKey};
pub use wrapping::Wrapping;

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
    /// KMS did not unwrap the data key: unreachable, or it does not let us. It may
    /// later, when it is back or the grant is.
    #[error("the key service refuses: {0}")]
    KeyService(String),
    /// The data key could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The data keys that were unwrapped so far, and how to get others.
pub struct Keyring {
    table: Table,
    wrapping: Wrapping,
    opened: RwLock<HashMap<String, Arc<LessSafeKey>>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// A keyring whose data keys are wrapped by `wrapping` and stand in `table`.
    pub fn new(table: Table, wrapping: Wrapping) -> Self {
        Self { table, wrapping, opened: RwLock::default() }
    }

    /// Reads and unwraps every data key: whether the sealing key is the right one.
    ///
    /// # Errors
    /// The first that something was wrong with, after all were tried.
    pub async fn preload(&self, budget: Budget) -> Result<(), SealError> {
        let items = self.table.list(keys::DATA_KEYS, keys::DATA_KEY_PREFIX, budget).await?;
        self.load(&AtStart(items), budget).await
    }

    /// Unwraps the data keys that were read, so that the first request finds its own.
    /// One that cannot be unwrapped is passed over: only its values need it, and it
    /// is tried again when they do.
    ///
    /// # Errors
    /// The first that something was wrong with, after all were tried.
    pub async fn load(&self, read: &AtStart, budget: Budget) -> Result<(), SealError> {
        let found = read.0.iter().map(Item).filter(|item| data_key::is_one(*item));
        let unwrapping = found.map(|item| async move {
            let id = data_key::id(item).map_err(StoreError::from)?;
            self.unwrap(id, item, budget).await.map(|_| ())
        });
        join_all(unwrapping).await.into_iter().collect()
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

    /// A new data key, to be stored.
    ///
    /// # Errors
    /// [`SealError::NotSealed`], [`SealError::KeyService`].
    pub async fn new_data_key(&self, id: &str, budget: Budget) -> Result<NewDataKey, SealError> {
        let mut plain = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(plain.as_mut_slice()).map_err(|_| SealError::NotSealed)?;
        let wrapped = self.wrapping.wrap(id, plain.as_slice(), budget).await?;
        Ok(NewDataKey { id: id.to_owned(), wrapped })
    }

    /// Whether the data key `key_id` is there and opens under our sealing key.
    ///
    /// # Errors
    /// [`SealError`] when it does not.
    pub async fn has_key(&self, key_id: &str, budget: Budget) -> Result<(), SealError> {
        self.data_key(key_id, budget).await.map(|_| ())
    }

    async fn data_key(&self, id: &str, budget: Budget) -> Result<Arc<LessSafeKey>, SealError> {
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let item = self.table.get(&keys::data_key(id), budget).await?;
        self.unwrap(id, Item(&item.ok_or(SealError::UnknownKey)?), budget).await
    }

    async fn unwrap(
        &self,
        id: &str,
        item: Item<'_>,
        budget: Budget,
    ) -> Result<Arc<LessSafeKey>, SealError> {
        let wrapped = data_key::wrapped(item).map_err(StoreError::from)?;
        let plain = self.wrapping.unwrap(id, wrapped, budget).await?;
        let key = Arc::new(cipher(&plain)?);
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        opened.insert(id.to_owned(), Arc::clone(&key));
        Ok(key)
    }
}

fn bound_to(owner: &InstanceId, key_id: &str) -> Vec<u8> {
    with_lengths(&[owner.account.as_str(), owner.name.as_str(), key_id])
}
