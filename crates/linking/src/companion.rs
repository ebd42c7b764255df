//! A device that does not exist yet: its keys, and how it registers.

use domain::client_version::ClientVersion;
use rand::Rng;
use rand::rngs::StdRng;
use wacore::companion_reg::companion_web_client_type_for_props;
use wacore::libsignal::protocol::KeyPair;
use wacore::pair::{DeviceState, PairUtils};
use wacore::pair_code::derive_companion_platform;
use wacore::store::Device;
use wacore::store::device::DevicePropsOverride;
use waproto::codec::client_payload_to_vec;
use waproto::whatsapp::device_props::PlatformType;
use zeroize::{Zeroize, Zeroizing};

/// Shown on the phone as `Chrome (Linux)`. The server refuses names that no browser has.
const OS: &str = "Linux";

/// Fresh keys of a device that is being linked.
///
/// The noise key and the ADV secret are wiped when dropped; the key pairs inside `wacore`'s
/// `Device` have no way to be.
pub(crate) struct Companion {
    pub(crate) device: Device,
    /// Shared with the phone through the QR code, or derived with it from a pairing code. Proves
    /// in the end that it was this phone that answered.
    pub(crate) adv_secret: Zeroizing<[u8; 32]>,
    /// What the one-time keys are made of, so that a first login that is resumed has the same.
    pub(crate) one_time_seed: Zeroizing<[u8; 32]>,
}

impl Companion {
    pub(crate) fn new() -> Self {
        let mut device = Device::new();
        device.adv_secret_key.zeroize();
        device.set_device_props(
            DevicePropsOverride::new().with_os(OS).with_platform_type(PlatformType::CHROME),
        );
        Self { device, adv_secret: fresh_secret(), one_time_seed: fresh_secret() }
    }

    /// A new ADV secret, in place of one that WhatsApp retired.
    pub(crate) fn renew_secret(&mut self) {
        self.adv_secret = fresh_secret();
    }

    pub(crate) fn noise_private_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.device.noise_key.private_key.serialize())
    }

    pub(crate) fn identity(&self) -> &KeyPair {
        &self.device.identity_key
    }

    /// The registration payload: no `pn`, but the keys (`ClientPayload.devicePairingData`).
    pub(crate) fn registration(&mut self, version: ClientVersion) -> Vec<u8> {
        let ClientVersion([primary, secondary, tertiary]) = version;
        self.device.app_version_primary = primary;
        self.device.app_version_secondary = secondary;
        self.device.app_version_tertiary = tertiary;
        client_payload_to_vec(&self.device.get_client_payload())
    }

    /// What a QR code for `reference` holds. The ADV secret is in it.
    pub(crate) fn qr_text(&self, reference: &str) -> Zeroizing<String> {
        let mut state = DeviceState {
            identity_key: self.device.identity_key.clone(),
            noise_key: self.device.noise_key.clone(),
            adv_secret_key: *self.adv_secret,
        };
        let kind = companion_web_client_type_for_props(&self.device.device_props);
        let text = Zeroizing::new(PairUtils::make_qr_data(&state, reference, kind));
        state.adv_secret_key.zeroize();
        text
    }

    /// `companion_platform_id` and `companion_platform_display`, for a pairing code.
    pub(crate) fn platform(&self) -> (String, String) {
        let (kind, display) = derive_companion_platform(&self.device.device_props);
        (kind.to_string(), display)
    }
}

fn fresh_secret() -> Zeroizing<[u8; 32]> {
    let mut secret = Zeroizing::new([0; 32]);
    rand::make_rng::<StdRng>().fill_bytes(secret.as_mut_slice());
    secret
}
