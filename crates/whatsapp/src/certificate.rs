//! The server's certificate chain: the root key signs the intermediate, which
//! signs the leaf, whose key is the server's static key.
//!
//! `wacore` has the same checks with WhatsApp's root built in and without the
//! validity dates, so they are made here, with the root as a parameter.

use wacore::libsignal::protocol::PublicKey;
use waproto::codec::{cert_chain_decode, noise_certificate_details_decode};
use waproto::whatsapp::cert_chain::noise_certificate::Details;

/// The issuer serial of the root, which every intermediate must name.
const ROOT_SERIAL: u32 = 0;

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Not a chain of two certificates with their parts.
    #[error("malformed chain")]
    Malformed,
    /// The intermediate is not signed by the root key.
    #[error("intermediate not signed by the root")]
    RootSignature,
    /// The leaf is not signed by the intermediate.
    #[error("leaf not signed by the intermediate")]
    LeafSignature,
    /// The intermediate names another issuer than the root.
    #[error("intermediate of another issuer")]
    IntermediateIssuer,
    /// The leaf names another issuer than the intermediate.
    #[error("leaf of another issuer")]
    LeafIssuer,
    /// The leaf's key is not the key that the server used in the handshake.
    #[error("leaf for another key")]
    LeafKey,
    /// `not_before` lies ahead.
    #[error("not yet valid")]
    NotYetValid,
    /// `not_after` has passed.
    #[error("expired")]
    Expired,
}

/// Verifies `chain` against the root, for a server that used `server_static`
/// in the handshake, at `now` in Unix seconds.
pub(super) fn verify(
    chain: &[u8],
    server_static: &[u8; 32],
    root_key: &[u8; 32],
    now: u64,
) -> Result<(), CertificateFault> {
    let chain = cert_chain_decode(chain).map_err(|_| CertificateFault::Malformed)?;
    let intermediate = chain.intermediate.into_option().ok_or(CertificateFault::Malformed)?;
    let leaf = chain.leaf.into_option().ok_or(CertificateFault::Malformed)?;

    let intermediate_bytes = intermediate.details.ok_or(CertificateFault::Malformed)?;
    let leaf_bytes = leaf.details.ok_or(CertificateFault::Malformed)?;
    // Signatures first: nothing inside a certificate counts before its signature.
    signed(root_key, &intermediate_bytes, intermediate.signature.as_deref())
        .then_some(())
        .ok_or(CertificateFault::RootSignature)?;
    let intermediate = details(&intermediate_bytes)?;
    let intermediate_key: [u8; 32] = intermediate
        .key
        .as_deref()
        .and_then(|key| key.try_into().ok())
        .ok_or(CertificateFault::Malformed)?;
    signed(&intermediate_key, &leaf_bytes, leaf.signature.as_deref())
        .then_some(())
        .ok_or(CertificateFault::LeafSignature)?;
    let leaf = details(&leaf_bytes)?;

    if intermediate.issuer_serial.unwrap_or(ROOT_SERIAL) != ROOT_SERIAL {
        return Err(CertificateFault::IntermediateIssuer);
    }
    if leaf.issuer_serial != intermediate.serial {
        return Err(CertificateFault::LeafIssuer);
    }
    if leaf.key.as_deref() != Some(server_static.as_slice()) {
        return Err(CertificateFault::LeafKey);
    }
    valid_at(&intermediate, now)?;
    valid_at(&leaf, now)
}

fn details(bytes: &[u8]) -> Result<Details, CertificateFault> {
    noise_certificate_details_decode(bytes).map_err(|_| CertificateFault::Malformed)
}

fn signed(key: &[u8; 32], bytes: &[u8], signature: Option<&[u8]>) -> bool {
    let Ok(key) = PublicKey::from_djb_public_key_bytes(key) else {
        return false;
    };
    signature.is_some_and(|signature| key.verify_signature(bytes, signature))
}

/// A date that is missing bounds nothing.
fn valid_at(details: &Details, now: u64) -> Result<(), CertificateFault> {
    if details.not_before.is_some_and(|not_before| not_before > now) {
        return Err(CertificateFault::NotYetValid);
    }
    if details.not_after.is_some_and(|not_after| not_after < now) {
        return Err(CertificateFault::Expired);
    }
    Ok(())
}
