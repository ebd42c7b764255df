//! The keys that messages to the device are encrypted with: one signed pre-key, and one-time
//! pre-keys of which each sender takes one.

use rand::SeedableRng;
use rand::rngs::StdRng;
use wacore::iq::prekeys::{
    DigestKeyBundleResponse, DigestKeyBundleSpec, PreKeyCountSpec, PreKeyUploadSpec,
};
use wacore::libsignal::protocol::{KeyPair, PublicKey};
use wacore::prekeys::compute_key_bundle_digest;
use wacore::store::Device;
use whatsapp::Failure;

use crate::conversation::Conversation;
use crate::error::Unfinished;

/// How many one-time keys a real client uploads at once (WhatsApp Web: `WAWebUploadPreKeysJob`).
const ONE_TIME_KEYS: u32 = 812;
/// What WhatsApp answers when it has no key bundle of ours.
const NO_BUNDLE: u16 = 404;

/// One-time keys by their ids, 1 to 812.
pub(crate) struct OneTimeKeys(Vec<KeyPair>);

impl OneTimeKeys {
    /// The keys that `seed` makes.
    pub(crate) fn of_seed(seed: &[u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(*seed);
        Self((0..ONE_TIME_KEYS).map(|_| KeyPair::generate(&mut rng)).collect())
    }

    pub(crate) fn get(&self, id: u32) -> Option<&KeyPair> {
        self.0.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    fn public(&self) -> Vec<(u32, PublicKey)> {
        (1..).zip(self.0.iter().map(|pair| pair.public_key)).collect()
    }
}

/// Uploads the keys unless WhatsApp has some, and checks that it has these; if not, once more.
pub(crate) async fn hand_over(
    conversation: &mut Conversation<'_>,
    device: &Device,
    keys: &OneTimeKeys,
) -> Result<(), Unfinished> {
    if conversation.ask(&PreKeyCountSpec::new()).await?.count == 0 {
        upload(conversation, device, keys).await?;
    }
    if are_held(conversation, device, keys).await? {
        return Ok(());
    }
    upload(conversation, device, keys).await?;
    if are_held(conversation, device, keys).await? {
        return Ok(());
    }
    Err(Unfinished::KeysDiffer)
}

async fn upload(
    conversation: &mut Conversation<'_>,
    device: &Device,
    keys: &OneTimeKeys,
) -> Result<(), Failure> {
    conversation
        .ask(&PreKeyUploadSpec::new(
            device.registration_id,
            device.identity_key.public_key,
            device.signed_pre_key_id,
            device.signed_pre_key.public_key,
            device.signed_pre_key_signature.to_vec(),
            keys.public(),
        ))
        .await
}

/// Whether WhatsApp's digest is that of our keys.
async fn are_held(
    conversation: &mut Conversation<'_>,
    device: &Device,
    keys: &OneTimeKeys,
) -> Result<bool, Failure> {
    match conversation.ask(&DigestKeyBundleSpec::new()).await {
        Ok(held) => Ok(agrees(&held, device, keys)),
        Err(Failure::Iq(refusal)) if refusal.code() == NO_BUNDLE => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Senders may have taken one-time keys by now: the digest is over those that are listed.
fn agrees(held: &DigestKeyBundleResponse, device: &Device, keys: &OneTimeKeys) -> bool {
    let listed: Option<Vec<&[u8]>> = held
        .prekey_ids
        .iter()
        .map(|id| keys.get(*id).map(|pair| pair.public_key.public_key_bytes()))
        .collect();
    let Some(listed) = listed else { return false };
    held.reg_id == device.registration_id
        && held.hash
            == compute_key_bundle_digest(
                device.identity_key.public_key.public_key_bytes(),
                device.signed_pre_key.public_key.public_key_bytes(),
                &device.signed_pre_key_signature,
                &listed,
            )
}
