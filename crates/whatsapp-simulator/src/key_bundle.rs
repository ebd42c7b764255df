//! The public keys by which a companion can be written to, and the IQs that manage them.

use serde::{Deserialize, Serialize};
use wacore::libsignal::protocol::{
    IdentityKey, PreKeyBundle, PublicKey, SignalProtocolError, SignedPreKeyId,
};
use wacore::prekeys::compute_key_bundle_digest;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::keys::{bytes_from_hex, bytes_to_hex, from_hex, to_hex, verifies};
use crate::stanza::bytes;

/// The only key type there is: Curve25519.
pub(crate) const KEY_TYPE: u8 = 5;

/// What a companion has published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyBundle {
    pub(crate) registration_id: u32,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub(crate) identity: [u8; 32],
    pub(crate) signed_pre_key: SignedPreKey,
    /// Those that nobody has used yet, in the order in which they were uploaded.
    pub(crate) pre_keys: Vec<PreKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignedPreKey {
    pub(crate) id: u32,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub(crate) public: [u8; 32],
    #[serde(serialize_with = "bytes_to_hex", deserialize_with = "bytes_from_hex")]
    pub(crate) signature: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PreKey {
    pub(crate) id: u32,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub(crate) public: [u8; 32],
}

impl SignedPreKey {
    /// Whether the key of the identity has signed it; the signed form has the type before the key.
    pub(crate) fn is_signed_by(&self, identity: &[u8; 32]) -> bool {
        let message = [&[KEY_TYPE], self.public.as_slice()].concat();
        verifies(identity, &message, &self.signature)
    }

    fn read(node: &Node) -> Option<Self> {
        Some(Self {
            id: number(bytes(node.get_optional_child("id")?)?)?,
            public: child_key(node, "value")?,
            signature: bytes(node.get_optional_child("signature")?)?.to_vec(),
        })
    }

    fn node(&self) -> Node {
        let child = |tag, content: &[u8]| NodeBuilder::new(tag).bytes(content.to_vec()).build();
        NodeBuilder::new("skey")
            .children([
                child("id", &short(self.id)),
                child("value", &self.public),
                child("signature", &self.signature),
            ])
            .build()
    }
}

impl KeyBundle {
    /// Reads an upload: `<registration/><type/><identity/><list><key/>…</list><skey/>`.
    pub(crate) fn read_upload(iq: &Node) -> Option<Self> {
        let kind = bytes(iq.get_optional_child("type")?)?;
        let bundle = Self {
            registration_id: number(bytes(iq.get_optional_child("registration")?)?)?,
            identity: child_key(iq, "identity")?,
            signed_pre_key: SignedPreKey::read(iq.get_optional_child("skey")?)?,
            pre_keys: iq
                .get_optional_child("list")?
                .children()
                .unwrap_or_default()
                .iter()
                .map(|key| {
                    let id = number(bytes(key.get_optional_child("id")?)?)?;
                    Some(PreKey { id, public: child_key(key, "value")? })
                })
                .collect::<Option<_>>()?,
        };
        let sound = kind == [KEY_TYPE] && bundle.signed_pre_key.is_signed_by(&bundle.identity);
        sound.then_some(bundle)
    }

    /// Takes over an upload: new pre-keys come after those that are left, unless the identity is
    /// another one now.
    pub(crate) fn merge(&mut self, upload: Self) {
        let mut kept = if upload.identity == self.identity {
            std::mem::take(&mut self.pre_keys)
        } else {
            Vec::new()
        };
        kept.retain(|old| upload.pre_keys.iter().all(|new| new.id != old.id));
        *self = upload;
        kept.append(&mut self.pre_keys);
        self.pre_keys = kept;
    }

    /// Takes over `<rotate><skey/></rotate>`.
    pub(crate) fn rotate(&mut self, rotate: &Node) -> bool {
        let read = rotate.get_optional_child("skey").and_then(SignedPreKey::read);
        match read.filter(|key| key.is_signed_by(&self.identity)) {
            Some(key) => {
                self.signed_pre_key = key;
                true
            }
            None => false,
        }
    }

    /// The answer to `<digest/>`: SHA-1 over identity, signed pre-key, its signature and the
    /// pre-keys in the order of the list.
    pub(crate) fn digest(&self, wrong: bool) -> Node {
        let publics: Vec<&[u8]> = self.pre_keys.iter().map(|key| key.public.as_slice()).collect();
        let signed = &self.signed_pre_key;
        let mut hash =
            compute_key_bundle_digest(&self.identity, &signed.public, &signed.signature, &publics);
        if wrong {
            for byte in &mut hash {
                *byte = !*byte;
            }
        }
        let child = |tag, content: Vec<u8>| NodeBuilder::new(tag).bytes(content).build();
        let ids = self.pre_keys.iter().map(|key| child("id", short(key.id).to_vec()));
        NodeBuilder::new("digest")
            .children([
                child("registration", self.registration_id.to_be_bytes().to_vec()),
                child("type", vec![KEY_TYPE]),
                child("identity", self.identity.to_vec()),
                signed.node(),
                NodeBuilder::new("list").children(ids).build(),
                child("hash", hash),
            ])
            .build()
    }

    /// What somebody who wants to write is given: one pre-key, which is gone after that.
    pub(crate) fn take_for_sender(
        &mut self,
        device: u16,
    ) -> Result<PreKeyBundle, SignalProtocolError> {
        let one_time = if self.pre_keys.is_empty() {
            None
        } else {
            let key = self.pre_keys.remove(0);
            Some((key.id.into(), PublicKey::from_djb_public_key_bytes(&key.public)?))
        };
        PreKeyBundle::new(
            self.registration_id,
            u32::from(device).into(),
            one_time,
            SignedPreKeyId::from(self.signed_pre_key.id),
            PublicKey::from_djb_public_key_bytes(&self.signed_pre_key.public)?,
            self.signed_pre_key.signature.clone(),
            IdentityKey::new(PublicKey::from_djb_public_key_bytes(&self.identity)?),
        )
    }
}

/// A key of 32 bytes in a child.
fn child_key(node: &Node, tag: &str) -> Option<[u8; 32]> {
    bytes(node.get_optional_child(tag)?)?.try_into().ok()
}

/// A big-endian number of up to four bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<u32> {
    let fits = !bytes.is_empty() && bytes.len() <= 4;
    fits.then(|| bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}

/// The ids of pre-keys have three bytes.
fn short(id: u32) -> [u8; 3] {
    let [_, high, middle, low] = id.to_be_bytes();
    [high, middle, low]
}
