//! AES-256-GCM with a random nonce: `nonce ‖ ciphertext ‖ tag`.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::SealError;

pub(super) fn cipher(key: &[u8]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::NotSealed)?;
    Ok(LessSafeKey::new(key))
}

/// Lengths keep `("ab", "c")` and `("a", "bc")` apart.
pub(super) fn with_lengths(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

pub(super) fn seal(key: &LessSafeKey, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealError> {
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

pub(super) fn open(
    key: &LessSafeKey,
    sealed: &[u8],
    aad: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::DoesNotOpen)?;
    let mut bytes = Zeroizing::new(rest.to_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), bytes.as_mut_slice())
        .map_err(|_| SealError::DoesNotOpen)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}
