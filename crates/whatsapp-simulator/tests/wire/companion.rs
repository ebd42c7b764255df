//! A companion by hand: it registers, shows a QR text or a code, and signs what the phone sends.

use wacore::companion_reg::CompanionWebClientType;
use wacore::libsignal::crypto::{hmac_sha256, hmac_sha256_two_part};
use wacore::libsignal::protocol::{KeyPair, PublicKey};
use wacore::pair::{DeviceState, PairUtils};
use wacore::pair_code::PairCodeUtils;
use wacore_binary::{Node, NodeContent};
use waproto::buffa::{Message as _, MessageField};
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;
use waproto::whatsapp::device_props::PlatformType;
use waproto::whatsapp::{
    ADVDeviceIdentity, ADVEncryptionType, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC,
    ClientPayload, DeviceProps,
};
use whatsapp_simulator::{Device, LinkedByPhone, Simulator};

use crate::attr;
use crate::client::Client;

/// What a companion keeps.
pub(crate) struct Companion {
    pub(crate) noise: KeyPair,
    pub(crate) identity: KeyPair,
    pub(crate) signed_pre_key: KeyPair,
    pub(crate) registration_id: u32,
    pub(crate) adv_secret: [u8; 32],
    /// Leaves `account_signature_key` in its reply, as real clients do not.
    pub(crate) talkative: bool,
    /// The signature that it registers with, when it is not its own.
    pub(crate) registered_signature: Option<[u8; 64]>,
}

pub(crate) const SIGNED_PRE_KEY_ID: u32 = 1;

pub(crate) fn bytes(node: &Node) -> &[u8] {
    match node.content.as_ref().unwrap() {
        NodeContent::Bytes(bytes) => bytes,
        other => panic!("no bytes: {other:?}"),
    }
}

fn fresh() -> KeyPair {
    KeyPair::generate(&mut rand::rng())
}

fn public(pair: &KeyPair) -> [u8; 32] {
    pair.public_key.public_key_bytes().try_into().unwrap()
}

impl Companion {
    pub(crate) fn new() -> Self {
        Self {
            noise: fresh(),
            identity: fresh(),
            signed_pre_key: fresh(),
            registration_id: 4711,
            adv_secret: rand::random(),
            talkative: false,
            registered_signature: None,
        }
    }

    pub(crate) fn signature(&self) -> [u8; 64] {
        self.identity
            .calculate_signature(&self.signed_pre_key.public_key.serialize(), &mut rand::rng())
            .unwrap()
    }

    fn payload(&self) -> Vec<u8> {
        let signature = self.registered_signature.unwrap_or_else(|| self.signature());
        let props = DeviceProps {
            os: Some("Linux".to_owned()),
            platform_type: Some(PlatformType::CHROME),
            ..DeviceProps::default()
        };
        ClientPayload {
            passive: Some(false),
            device_pairing_data: MessageField::some(DevicePairingRegistrationData {
                e_regid: Some(self.registration_id.to_be_bytes().to_vec()),
                e_keytype: Some(vec![5]),
                e_ident: Some(public(&self.identity).to_vec()),
                e_skey_id: Some(SIGNED_PRE_KEY_ID.to_be_bytes()[1..].to_vec()),
                e_skey_val: Some(public(&self.signed_pre_key).to_vec()),
                e_skey_sig: Some(signature.to_vec()),
                build_hash: Some(vec![0; 16]),
                device_props: Some(props.encode_to_vec()),
            }),
            ..ClientPayload::default()
        }
        .encode_to_vec()
    }

    /// Connects and registers, and does not read what the server says to that.
    pub(crate) async fn connect(&self, simulator: &Simulator) -> Client {
        Client::open(simulator, &self.noise, &self.payload()).await.unwrap()
    }

    /// Registers, acknowledges, answers the ping, and returns the refs.
    pub(crate) async fn register(&self, simulator: &Simulator) -> (Client, Vec<String>) {
        let mut client = self.connect(simulator).await;
        let stanza = client.receive().await.unwrap();
        let refs = refs(&stanza);
        client.send(&PairUtils::build_ack_node(&stanza).unwrap()).await;
        let ping = client.next("iq").await.unwrap();
        assert_eq!(attr(&ping, "xmlns").as_deref(), Some("urn:xmpp:ping"));
        client.send(&PairUtils::build_ack_node(&ping).unwrap()).await;
        (client, refs)
    }

    pub(crate) fn qr(&self, pairing_ref: &str) -> String {
        let state = DeviceState {
            identity_key: self.identity.clone(),
            noise_key: self.noise.clone(),
            adv_secret_key: self.adv_secret,
        };
        PairUtils::make_qr_data(&state, pairing_ref, CompanionWebClientType::Chrome)
    }

    /// Asks for a code to be accepted by a phone; the answer.
    pub(crate) async fn hello(
        &self,
        client: &mut Client,
        phone: &str,
        code: &str,
        ephemeral: &KeyPair,
        display: &str,
    ) -> Node {
        let wrapped = PairCodeUtils::encrypt_ephemeral_pub(&public(ephemeral), code);
        let iq = PairCodeUtils::build_companion_hello_iq(
            phone,
            &public(&self.noise),
            &wrapped,
            "1",
            display,
            true,
            "hello".to_owned(),
        );
        client.query(&iq).await.unwrap()
    }

    /// Answers the phone's hello with a key bundle, and keeps the new ADV secret.
    pub(crate) async fn finish(
        &mut self,
        client: &mut Client,
        phone: &str,
        code: &str,
        ephemeral: &KeyPair,
    ) -> Node {
        let notification = client.next("notification").await.unwrap();
        let registration = notification.get_optional_child("link_code_companion_reg").unwrap();
        assert_eq!(attr(registration, "stage").as_deref(), Some("primary_hello"));
        let child = |tag| bytes(registration.get_optional_child(tag).unwrap());
        let theirs = PairCodeUtils::decrypt_primary_ephemeral_pub(
            child("link_code_pairing_wrapped_primary_ephemeral_pub"),
            code,
        )
        .unwrap();
        let (bundle, secret) = PairCodeUtils::prepare_key_bundle(
            ephemeral,
            &theirs,
            child("primary_identity_pub").try_into().unwrap(),
            &self.identity,
        )
        .unwrap();
        self.adv_secret = secret;
        let iq = PairCodeUtils::build_companion_finish_iq(
            phone,
            bundle,
            &public(&self.identity),
            child("link_code_pairing_ref"),
            "finish".to_owned(),
        );
        client.query(&iq).await.unwrap()
    }

    /// Waits for `<pair-success>` and answers it as a real client does.
    pub(crate) async fn sign(&self, client: &mut Client) {
        let success = loop {
            let iq = client.next("iq").await.unwrap();
            if iq.get_optional_child("pair-success").is_some() {
                break iq;
            }
        };
        let id = attr(&success, "id").unwrap();
        let identity = success
            .get_optional_child("pair-success")
            .filter(|node| node.get_optional_child("device").is_some())
            .and_then(|node| node.get_optional_child("device-identity"));
        let reply = match identity.map_or(Err((500, "internal-error")), |n| self.check(bytes(n))) {
            Ok((signed, index)) => PairUtils::build_pair_success_response(&id, signed, index),
            Err((code, text)) => PairUtils::build_pair_error_node(&id, code, text),
        };
        client.send(&reply).await;
    }

    /// The checks of WhatsApp Web, and the device signature.
    fn check(&self, container: &[u8]) -> Result<(Vec<u8>, u32), (u16, &'static str)> {
        const INTERNAL: (u16, &str) = (500, "internal-error");
        let container =
            ADVSignedDeviceIdentityHMAC::decode_from_slice(container).map_err(|_| INTERNAL)?;
        let details = container.details.ok_or(INTERNAL)?;
        let hmac = match container.account_type {
            Some(ADVEncryptionType::HOSTED) => {
                hmac_sha256_two_part(&self.adv_secret, &[6, 5], &details)
            }
            _ => hmac_sha256(&self.adv_secret, &details),
        };
        if container.hmac.as_deref() != Some(hmac.as_slice()) {
            return Err((401, "hmac-mismatch"));
        }
        let mut signed = ADVSignedDeviceIdentity::decode_from_slice(&details).unwrap();
        let inner = signed.details.clone().unwrap();
        let identity = ADVDeviceIdentity::decode_from_slice(&inner).unwrap();
        let prefix = match identity.device_type {
            Some(ADVEncryptionType::HOSTED) => [6, 5],
            _ => [6, 0],
        };
        let account = signed.account_signature_key.clone().unwrap();
        let message = [&prefix, inner.as_slice(), &public(&self.identity)].concat();
        let verified = PublicKey::from_djb_public_key_bytes(&account)
            .unwrap()
            .verify_signature(&message, signed.account_signature.as_deref().unwrap());
        if !verified {
            return Err((401, "signature-mismatch"));
        }
        let message = [&[6, 1], inner.as_slice(), &public(&self.identity), &account].concat();
        let signature = self.identity.calculate_signature(&message, &mut rand::rng()).unwrap();
        signed.device_signature = Some(signature.to_vec());
        if !self.talkative {
            signed.account_signature_key = None;
        }
        Ok((signed.encode_to_vec(), identity.key_index.ok_or(INTERNAL)?))
    }

    /// The device that it became.
    pub(crate) fn device(&self, linked: &LinkedByPhone) -> Device {
        Device {
            phone: linked.jid.split(':').next().unwrap().to_owned(),
            jid: linked.jid.clone(),
            lid: linked.lid.clone(),
            noise_private_key: *self.noise.private_key.serialize(),
        }
    }
}

pub(crate) fn refs(stanza: &Node) -> Vec<String> {
    let pair_device = stanza.get_optional_child("pair-device").unwrap();
    let refs = pair_device.get_children_by_tag("ref");
    refs.map(|node| String::from_utf8(bytes(node).to_vec()).unwrap()).collect()
}

/// Links a companion by QR code, all the way.
pub(crate) async fn linked(simulator: &Simulator, phone: &str) -> (Companion, LinkedByPhone) {
    let companion = Companion::new();
    let (mut client, refs) = companion.register(simulator).await;
    let phone = simulator.phone(phone);
    let qr = companion.qr(&refs[0]);
    let (linked, ()) = tokio::join!(phone.scan(&qr), companion.sign(&mut client));
    (companion, linked.unwrap())
}
