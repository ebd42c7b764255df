//! The payload of a client that is no device yet.

use waproto::buffa::Message;
use waproto::whatsapp::DeviceProps;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use crate::key_bundle::{KEY_TYPE, KeyBundle, SignedPreKey, number};

/// A client that wants to become a companion.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// Proven by the handshake.
    pub(crate) noise_public_key: [u8; 32],
    /// Without pre-keys: those are uploaded after the first login.
    pub(crate) bundle: KeyBundle,
    /// The system's name, such as `Linux`.
    pub(crate) os: String,
    /// Such as `CHROME`.
    pub(crate) platform: String,
}

impl Registration {
    /// Reads what a client registers with; nothing when a part is missing or is not signed by
    /// the identity key.
    pub(crate) fn read(client_static: &[u8], data: DevicePairingRegistrationData) -> Option<Self> {
        let props = DeviceProps::decode_from_slice(&data.device_props?).ok()?;
        let identity: [u8; 32] = data.e_ident?.try_into().ok()?;
        let signed_pre_key = SignedPreKey {
            id: number(&data.e_skey_id?)?,
            public: data.e_skey_val?.try_into().ok()?,
            signature: data.e_skey_sig?,
        };
        let sound = data.e_keytype? == [KEY_TYPE] && signed_pre_key.is_signed_by(&identity);
        sound.then_some(Self {
            noise_public_key: client_static.try_into().ok()?,
            bundle: KeyBundle {
                registration_id: number(&data.e_regid?)?,
                identity,
                signed_pre_key,
                pre_keys: Vec::new(),
            },
            os: props.os.unwrap_or_default(),
            platform: props.platform_type.map(|kind| format!("{kind:?}")).unwrap_or_default(),
        })
    }
}
