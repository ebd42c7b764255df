//! `<pair-success>`: the proof that the phone with our code has taken the device, and our
//! signature in return.
//!
//! `wacore` 0.7.0 has the same check (`do_pair_crypto`) with two faults, so it is made here: its
//! answer carries `account_signature_key`, which real clients leave out, and it takes the
//! signatures' prefixes from the outer account type, which refuses business accounts that are
//! shared with the phone's app.

use domain::credentials::DeviceJid;
use rand::rngs::StdRng;
use ring::hmac;
use wacore::libsignal::protocol::{KeyPair, PublicKey};
use wacore::pair::PairUtils;
use wacore_binary::{Jid, Node, NodeRef, OwnedNodeRef, Server};
use waproto::codec::{
    adv_device_identity_decode, adv_signed_device_identity_decode,
    adv_signed_device_identity_hmac_decode, adv_signed_device_identity_to_vec,
};
use waproto::whatsapp::ADVEncryptionType::HOSTED;

use crate::companion::Companion;
use crate::conversation::text;
use crate::error::LinkError;

/// What the account signs, before the device's details and key.
const ACCOUNT: [u8; 2] = [6, 0];
/// The same for a hosted device, and what its HMAC begins with.
const HOSTED_ACCOUNT: [u8; 2] = [6, 5];
/// What the device signs.
const DEVICE: [u8; 2] = [6, 1];

/// A pairing that was checked.
pub(crate) struct Checked {
    /// What WhatsApp is told: `pair-device-sign`, or what is wrong.
    pub(crate) answer: Node,
    pub(crate) proven: Result<Proven, LinkError>,
}

/// A pairing whose proof holds.
pub(crate) struct Proven {
    pub(crate) jid: DeviceJid,
    /// Without its device part.
    pub(crate) lid: Option<String>,
    pub(crate) platform: String,
    pub(crate) business_name: Option<String>,
}

/// Checks a `<pair-success>`, and signs it.
pub(crate) fn check(success: &OwnedNodeRef, companion: &Companion) -> Checked {
    let id = text(success, "id").unwrap_or_default();
    match prove(success, companion) {
        Ok((proven, signed, key_index)) => {
            let answer = PairUtils::build_pair_success_response(&id, signed, key_index);
            Checked { answer, proven: Ok(proven) }
        }
        Err(error) => {
            let (code, reason) = match &error {
                LinkError::HmacMismatch => (401, "hmac-mismatch"),
                LinkError::SignatureMismatch => (401, "signature-mismatch"),
                _ => (500, "internal-error"),
            };
            let answer = PairUtils::build_pair_error_node(&id, code, reason);
            Checked { answer, proven: Err(error) }
        }
    }
}

/// What is proven, the identity with our signature, and its key index.
fn prove(
    success: &OwnedNodeRef,
    companion: &Companion,
) -> Result<(Proven, Vec<u8>, u32), LinkError> {
    let success =
        success.get_optional_child("pair-success").ok_or(LinkError::Malformed("pair-success"))?;
    let identity = PairUtils::extract_device_identity_bytes(success)
        .ok_or(LinkError::Malformed("no device-identity"))?;
    let (signed, key_index) = sign(identity, &companion.adv_secret, companion.identity())?;

    let device = success.get_optional_child("device").ok_or(LinkError::Malformed("no device"))?;
    let name_of =
        |tag: &str| success.get_optional_child(tag).and_then(|child| attribute(child, "name"));
    let proven = Proven {
        jid: device_jid(device).ok_or(LinkError::Malformed("no device JID"))?,
        lid: jid(device, "lid").filter(Jid::is_lid).map(|lid| lid.to_non_ad_string()),
        platform: name_of("platform").unwrap_or_default(),
        business_name: name_of("biz"),
    };
    Ok((proven, signed, key_index))
}

/// Checks a `<device-identity>` and returns it with our signature, and its key index.
fn sign(
    identity: &[u8],
    adv_secret: &[u8; 32],
    our_identity: &KeyPair,
) -> Result<(Vec<u8>, u32), LinkError> {
    let sealed = adv_signed_device_identity_hmac_decode(identity)
        .map_err(|_| LinkError::Malformed("device-identity"))?;
    let details = sealed.details.ok_or(LinkError::Malformed("device-identity without details"))?;
    let tag = sealed.hmac.ok_or(LinkError::Malformed("device-identity without HMAC"))?;
    let mut authenticated = Vec::new();
    if sealed.account_type == Some(HOSTED) {
        authenticated.extend(HOSTED_ACCOUNT);
    }
    authenticated.extend(&details);
    let key = hmac::Key::new(hmac::HMAC_SHA256, adv_secret);
    hmac::verify(&key, &authenticated, &tag).map_err(|_| LinkError::HmacMismatch)?;

    let mut signed = adv_signed_device_identity_decode(&details)
        .map_err(|_| LinkError::Malformed("signed device-identity"))?;
    let inner =
        signed.details.as_deref().ok_or(LinkError::Malformed("identity without details"))?;
    let details = adv_device_identity_decode(inner)
        .map_err(|_| LinkError::Malformed("identity's details"))?;
    let key_index = details.key_index.ok_or(LinkError::Malformed("identity without key index"))?;
    // Left out of the answer: WhatsApp has it, and real clients do not repeat it.
    let account_key = signed.account_signature_key.take().unwrap_or_default();
    let our_key = our_identity.public_key.public_key_bytes();

    let prefix = if details.device_type == Some(HOSTED) { HOSTED_ACCOUNT } else { ACCOUNT };
    let by_account = [&prefix[..], inner, our_key].concat();
    let signature = signed.account_signature.as_deref().unwrap_or_default();
    let holds = PublicKey::from_djb_public_key_bytes(&account_key)
        .is_ok_and(|key| key.verify_signature(&by_account, signature));
    if !holds {
        return Err(LinkError::SignatureMismatch);
    }

    let by_device = [&DEVICE[..], inner, our_key, &account_key].concat();
    let signature = our_identity
        .private_key
        .calculate_signature(&by_device, &mut rand::make_rng::<StdRng>())
        .map_err(|_| LinkError::Malformed("identity that cannot be signed"))?;
    signed.device_signature = Some(signature.to_vec());
    Ok((adv_signed_device_identity_to_vec(&signed), key_index))
}

/// `user:device@s.whatsapp.net`, without an agent between the two.
fn device_jid(device: &NodeRef<'_>) -> Option<DeviceJid> {
    let jid = jid(device, "jid").filter(|jid| jid.server == Server::Pn && jid.device > 0)?;
    format!("{}:{}@s.whatsapp.net", jid.user_base(), jid.device).parse().ok()
}

fn jid(node: &NodeRef<'_>, name: &str) -> Option<Jid> {
    node.get_attr(name)?.to_jid()
}

fn attribute(node: &NodeRef<'_>, name: &str) -> Option<String> {
    node.get_attr(name).map(|value| value.as_str().into_owned())
}
