//! The server's certificate chain: root key → intermediate → leaf.

use wacore::libsignal::protocol::CurveError;
use waproto::buffa::{Message, MessageField};
use waproto::whatsapp::CertChain;
use waproto::whatsapp::cert_chain::{NoiseCertificate, noise_certificate::Details};

use crate::clock::unix_now;
use crate::keys::Keys;
use crate::reaction::CertificateFault;

const ROOT_SERIAL: u32 = 0;
const INTERMEDIATE_SERIAL: u32 = 1;
const DAY: u64 = 24 * 60 * 60;

/// The keys that the chain is made of; the leaf's key is the server's static key.
pub(crate) struct Issuers<'a> {
    pub(crate) root: &'a Keys,
    pub(crate) intermediate: &'a Keys,
    pub(crate) server: &'a Keys,
    pub(crate) leaf_serial: u32,
}

impl Issuers<'_> {
    /// The encoded chain, valid around now unless `fault` spoils one of its properties.
    pub(crate) fn chain(&self, fault: Option<CertificateFault>) -> Result<Vec<u8>, CurveError> {
        let now = unix_now();
        let stranger = Keys::generate();
        let mut intermediate = Details {
            serial: Some(INTERMEDIATE_SERIAL),
            issuer_serial: Some(ROOT_SERIAL),
            key: Some(self.intermediate.public().to_vec()),
            not_before: Some(now.saturating_sub(365 * DAY)),
            not_after: Some(now + 365 * DAY),
        };
        let mut leaf = Details {
            serial: Some(self.leaf_serial),
            issuer_serial: Some(INTERMEDIATE_SERIAL),
            key: Some(self.server.public().to_vec()),
            not_before: Some(now.saturating_sub(7 * DAY)),
            not_after: Some(now + 30 * DAY),
        };
        let mut root_signer = self.root;
        let mut leaf_signer = self.intermediate;
        match fault {
            Some(CertificateFault::RootSignature) => root_signer = &stranger,
            Some(CertificateFault::LeafSignature) => leaf_signer = &stranger,
            Some(CertificateFault::IntermediateIssuerSerial) => {
                intermediate.issuer_serial = Some(ROOT_SERIAL + 7);
            }
            Some(CertificateFault::LeafIssuerSerial) => {
                leaf.issuer_serial = Some(INTERMEDIATE_SERIAL + 7);
            }
            Some(CertificateFault::LeafKey) => leaf.key = Some(stranger.public().to_vec()),
            Some(CertificateFault::Expired) => leaf.not_after = Some(now.saturating_sub(DAY)),
            Some(CertificateFault::NotYetValid) => leaf.not_before = Some(now + DAY),
            Some(CertificateFault::MissingIntermediate) | None => {}
        }
        let mut chain = CertChain {
            leaf: MessageField::some(sign(&leaf, leaf_signer)?),
            intermediate: MessageField::some(sign(&intermediate, root_signer)?),
        };
        if fault == Some(CertificateFault::MissingIntermediate) {
            chain.intermediate = MessageField::none();
        }
        Ok(chain.encode_to_vec())
    }
}

fn sign(details: &Details, signer: &Keys) -> Result<NoiseCertificate, CurveError> {
    let details = details.encode_to_vec();
    let signature = signer.sign(&details)?;
    Ok(NoiseCertificate { details: Some(details), signature: Some(signature.to_vec()) })
}
