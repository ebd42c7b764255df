//! Which data key to seal with, and a new one in its place.
//!
//! A sealed value names its data key, so old values stay readable while a rotation
//! runs, and after one that was cut short. `CURRENT` names the key to seal with, and
//! everything that seals checks in its own transaction that this key is current
//! still. So once `CURRENT` has moved, no value under an older key can appear, and a
//! key that no session uses then is used no more.

use std::time::Duration;

use domain::lease::LEASE;
use domain::tenant::InstanceId;
use store::random;
use store::rows::data_key::{self, NewDataKey};
use store::rows::session::{self, Session};
use store::seal::SealError;

use crate::{Operator, OperatorError, PATIENCE, patience};

/// A key is kept this long after another took its place: a run may have read its
/// session just before that was resealed. Longer than any run.
const LAST_RUNS: Duration = LEASE.longest().saturating_mul(2);

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that is current now.
    pub key_id: String,
    /// Whether it was made by this rotation; otherwise an earlier one was ended.
    pub is_new: bool,
    /// Sessions that were sealed again.
    pub resealed: usize,
    /// Sessions that do not open under the key that they name: they were of no use
    /// before, and are as they were.
    pub unreadable: Vec<InstanceId>,
}

/// What pruning did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Keys that were deleted.
    pub deleted: Vec<String>,
    /// Keys that sessions use still.
    pub in_use: Vec<String>,
    /// Keys that nothing uses, but that were current less than a minute ago.
    pub too_young: Vec<String>,
}

/// Told after each session: how many are done, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

impl Operator {
    /// The id of the data key to seal with. The first one is made when there is none.
    ///
    /// # Errors
    /// [`OperatorError::Seal`], or the table's.
    pub async fn current_key(&self) -> Result<String, OperatorError> {
        if let Some(id) = self.current_key_id().await? {
            return Ok(id);
        }
        let id = new_id()?;
        let data_key = self.engine.keyring.new_data_key(&id, patience()).await?;
        self.adopt_key(&id, Some(data_key)).await
    }

    /// Makes `id` current when no key is; its item is written with it when it is
    /// given. Returns the key that is current.
    ///
    /// # Errors
    /// [`OperatorError::Seal`], or the table's.
    pub async fn adopt_key(
        &self,
        id: &str,
        data_key: Option<NewDataKey>,
    ) -> Result<String, OperatorError> {
        let mut actions = vec![data_key::make_current(id)];
        actions.extend(data_key.as_ref().map(data_key::put_new));
        match self.table.write(actions, PATIENCE).await? {
            Ok(()) => Ok(id.to_owned()),
            // Someone else was as quick.
            Err(_) => self.current_key_id().await?.ok_or(SealError::UnknownKey.into()),
        }
    }

    /// The current key's id, when there is one.
    ///
    /// # Errors
    /// The table's.
    pub async fn current_key_id(&self) -> Result<Option<String>, OperatorError> {
        Ok(self.table.current_data_key(patience()).await?)
    }

    /// Unwraps every data key: whether the sealing key is the right one.
    ///
    /// # Errors
    /// [`OperatorError::Seal`], or the table's.
    pub async fn unwrap_keys(&self) -> Result<(), OperatorError> {
        Ok(self.engine.keyring.preload(patience()).await?)
    }

    /// Ends a rotation that was cut short: reseals every session that is not under
    /// the current key.
    ///
    /// # Errors
    /// [`OperatorError::Seal`], or the table's. What was resealed stays so; call it again.
    pub async fn resume_rotation(&self, progress: Progress<'_>) -> Result<Rotation, OperatorError> {
        let key_id = self.current_key().await?;
        self.reseal_all(key_id, false, progress).await
    }

    /// Puts a new data key in the place of the current one, and reseals every
    /// session. When an earlier rotation was cut short, that one is ended instead.
    ///
    /// # Errors
    /// As [`Self::resume_rotation`].
    pub async fn rotate_key(&self, progress: Progress<'_>) -> Result<Rotation, OperatorError> {
        let ended = self.resume_rotation(progress).await?;
        if ended.resealed > 0 {
            return Ok(ended);
        }
        let (old, new) = (ended.key_id, new_id()?);
        // With another sealing key than the function's, everything would go under a
        // data key that only we can open.
        self.engine.keyring.has_key(&old, patience()).await?;
        let data_key = self.engine.keyring.new_data_key(&new, patience()).await?;
        let actions = vec![
            data_key::replace_current(&old, &new),
            data_key::put_new(&data_key),
            data_key::retire(&old, self.now().await?),
        ];
        match self.table.write(actions, PATIENCE).await? {
            Ok(()) => self.reseal_all(new, true, progress).await,
            // Another rotation has begun: help it.
            Err(refused) if refused.action == 0 => self.resume_rotation(progress).await,
            Err(_) => Err(OperatorError::Seal(SealError::UnknownKey)),
        }
    }

    async fn reseal_all(
        &self,
        key_id: String,
        is_new: bool,
        progress: Progress<'_>,
    ) -> Result<Rotation, OperatorError> {
        let sessions = self.table.all_sessions(Some(&key_id)).await?;
        let total = sessions.len();
        let mut rotation = Rotation { key_id, is_new, resealed: 0, unreadable: Vec::new() };
        // One after the other: transactions at the same time would meet at CURRENT.
        for (index, session) in sessions.iter().enumerate() {
            let instance = session.id()?;
            match self.reseal(&instance, session, &rotation.key_id).await {
                Ok(()) => rotation.resealed += 1,
                Err(OperatorError::Seal(SealError::UnknownKey | SealError::DoesNotOpen)) => {
                    rotation.unreadable.push(instance);
                }
                Err(error) => return Err(error),
            }
            progress(index + 1, total);
        }
        Ok(rotation)
    }

    /// Seals one session's value again, on condition that it is as it was read.
    /// No lease is needed: whoever holds one has read the value already, and what
    /// they write later does not touch it.
    async fn reseal(
        &self,
        instance: &InstanceId,
        session: &Session,
        key_id: &str,
    ) -> Result<(), OperatorError> {
        let sealed = self.sealed_anew(session, (instance, instance), key_id, None).await?;
        let actions =
            vec![session::reseal(instance, session, sealed), data_key::is_current(key_id)];
        match self.table.write(actions, PATIENCE).await? {
            // Linked again or deleted meanwhile: then it was sealed with the current
            // key, or is gone.
            Ok(()) => Ok(()),
            Err(refused) if refused.action == 0 => Ok(()),
            Err(_) => Err(OperatorError::Changed(instance.clone())),
        }
    }

    /// Deletes the data keys that nothing is sealed with any more.
    ///
    /// # Errors
    /// The table's.
    pub async fn prune_keys(&self) -> Result<Pruned, OperatorError> {
        let Some(current) = self.current_key_id().await? else { return Ok(Pruned::default()) };
        let keys = self.table.data_keys(patience()).await?;
        // After CURRENT was read: see the top of this file.
        let sessions = self.table.all_sessions(Some(&current)).await?;
        let is_used = |id: &str| sessions.iter().any(|session| session.key_id() == Some(id));
        let mut pruned = Pruned::default();
        let now = self.now().await?;
        for data_key::DataKey { id, retired } in keys {
            let is_young = retired.is_some_and(|at| now.since(at) < LAST_RUNS);
            if id == current {
                continue;
            }
            if is_used(&id) {
                pruned.in_use.push(id);
            } else if is_young {
                pruned.too_young.push(id);
            } else {
                let actions = vec![data_key::is_current(&current), data_key::delete(&id)];
                if self.table.write(actions, PATIENCE).await?.is_ok() {
                    pruned.deleted.push(id);
                } else {
                    pruned.in_use.push(id);
                }
            }
        }
        Ok(pruned)
    }
}

fn new_id() -> Result<String, OperatorError> {
    Ok(format!("key-{}", hex::encode(random::<6>()?)))
}
