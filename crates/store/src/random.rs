//! Randomness, for owners, generations, tokens and ids.

use ring::rand::{SecureRandom, SystemRandom};

use crate::table::StoreError;

/// Random bytes.
///
/// # Errors
/// [`StoreError::NoRandomness`].
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
    Ok(bytes)
}
