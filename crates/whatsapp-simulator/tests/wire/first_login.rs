//! What a new companion does first: pre-keys, digest, the phone's letters, receipts.

use std::collections::HashMap;

use async_trait::async_trait;
use wacore::iq::passive::PassiveModeSpec;
use wacore::iq::prekeys::{DigestKeyBundleSpec, PreKeyCountSpec, PreKeyUploadSpec};
use wacore::iq::spec::IqSpec;
use wacore::libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey, IdentityChange, IdentityKey,
    IdentityKeyPair, IdentityKeyStore, KeyPair, PreKeyId, PreKeyRecord, PreKeySignalMessage,
    PreKeyStore, ProtocolAddress, SessionRecord, SessionStore, SignalProtocolError, SignedPreKeyId,
    SignedPreKeyRecord, SignedPreKeyStore, Timestamp, UsePQRatchet, message_decrypt,
};
use wacore::prekeys::compute_key_bundle_digest;
use wacore::request::RequestUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};
use waproto::buffa::Message as _;
use waproto::whatsapp::Message;
use waproto::whatsapp::message::protocol_message::Type;
use whatsapp_simulator::{Fault, LinkedByPhone, Moment, Reaction, Simulator};

use crate::client::Client;
use crate::companion::{Companion, SIGNED_PRE_KEY_ID, bytes, linked};
use crate::{PHONE, attr, error_code, start};

type Outcome<T> = Result<T, SignalProtocolError>;

struct Identity(IdentityKeyPair, u32);
#[derive(Default)]
struct Sessions(HashMap<String, SessionRecord>);
struct PreKeys(HashMap<u32, KeyPair>);
struct SignedPreKeys(SignedPreKeyRecord);

#[async_trait]
impl IdentityKeyStore for Identity {
    async fn get_identity_key_pair(&self) -> Outcome<IdentityKeyPair> {
        Ok(self.0.clone())
    }
    async fn get_local_registration_id(&self) -> Outcome<u32> {
        Ok(self.1)
    }
    async fn save_identity(
        &mut self,
        _: &ProtocolAddress,
        _: &IdentityKey,
    ) -> Outcome<IdentityChange> {
        Ok(IdentityChange::NewOrUnchanged)
    }
    async fn is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Outcome<bool> {
        Ok(true)
    }
    async fn get_identity(&self, _: &ProtocolAddress) -> Outcome<Option<IdentityKey>> {
        Ok(None)
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Outcome<Option<SessionRecord>> {
        Ok(self.0.get(&address.to_string()).cloned())
    }
    async fn has_session(&self, address: &ProtocolAddress) -> Outcome<bool> {
        Ok(self.0.contains_key(&address.to_string()))
    }
    async fn store_session(
        &mut self,
        address: &ProtocolAddress,
        record: SessionRecord,
    ) -> Outcome<()> {
        self.0.insert(address.to_string(), record);
        Ok(())
    }
}

#[async_trait]
impl PreKeyStore for PreKeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Outcome<PreKeyRecord> {
        let pair = self.0.get(&u32::from(id)).ok_or(SignalProtocolError::InvalidPreKeyId)?;
        Ok(PreKeyRecord::new(id, pair))
    }
    async fn save_pre_key(&mut self, _: PreKeyId, _: &PreKeyRecord) -> Outcome<()> {
        Ok(())
    }
    async fn remove_pre_key(&mut self, _: PreKeyId) -> Outcome<()> {
        Ok(())
    }
}

#[async_trait]
impl SignedPreKeyStore for SignedPreKeys {
    async fn get_signed_pre_key(&self, _: SignedPreKeyId) -> Outcome<SignedPreKeyRecord> {
        Ok(self.0.clone())
    }
    async fn save_signed_pre_key(
        &mut self,
        _: SignedPreKeyId,
        _: &SignedPreKeyRecord,
    ) -> Outcome<()> {
        Ok(())
    }
}

/// A companion's side of its chat with the phone.
struct Chat {
    /// Signatures are randomised, and the digest is about the one that was uploaded.
    signature: Vec<u8>,
    identity: Identity,
    sessions: Sessions,
    pre_keys: PreKeys,
    signed: SignedPreKeys,
}

impl Chat {
    fn new(companion: &Companion) -> Self {
        let pairs = (1..=PRE_KEYS).map(|id| (id, KeyPair::generate(&mut rand::rng())));
        let signature = companion.signature().to_vec();
        Self {
            identity: Identity(companion.identity.clone().into(), companion.registration_id),
            sessions: Sessions::default(),
            pre_keys: PreKeys(pairs.collect()),
            signed: SignedPreKeys(SignedPreKeyRecord::new(
                SIGNED_PRE_KEY_ID.into(),
                Timestamp::from_epoch_millis(0),
                &companion.signed_pre_key,
                &signature,
            )),
            signature,
        }
    }

    /// Decrypts a message of the phone.
    async fn open(&mut self, message: &Node) -> Message {
        let sealed = message.get_optional_child("enc").unwrap();
        assert_eq!(attr(sealed, "type").as_deref(), Some("pkmsg"));
        let sealed = PreKeySignalMessage::try_from(bytes(sealed)).unwrap();
        let opened = message_decrypt(
            &CiphertextMessage::PreKeySignalMessage(sealed),
            &ProtocolAddress::new(PHONE, 0.into()),
            &mut self.sessions,
            &mut self.identity,
            &mut self.pre_keys,
            &self.signed,
            &mut rand::make_rng::<rand::rngs::StdRng>(),
            UsePQRatchet::No,
        )
        .await
        .unwrap();
        let padding = usize::from(*opened.plaintext.last().unwrap());
        let length = opened.plaintext.len() - padding;
        Message::decode_from_slice(&opened.plaintext[..length]).unwrap()
    }
}

const PRE_KEYS: u32 = 30;

async fn ask<S: IqSpec>(client: &mut Client, spec: &S, id: &str) -> S::Response {
    let utils = RequestUtils::new("test".to_owned());
    let iq = utils.build_iq_node(spec.build_iq(), Some(id.to_owned()));
    let answer = client.query(&iq).await.unwrap();
    assert_eq!(attr(&answer, "type").as_deref(), Some("result"));
    spec.parse_response(&answer.as_node_ref()).unwrap()
}

fn upload(companion: &Companion, chat: &Chat) -> PreKeyUploadSpec {
    PreKeyUploadSpec::new(
        companion.registration_id,
        companion.identity.public_key,
        SIGNED_PRE_KEY_ID,
        companion.signed_pre_key.public_key,
        chat.signature.clone(),
        (1..=PRE_KEYS).map(|id| (id, chat.pre_keys.0[&id].public_key)).collect(),
    )
}

/// Logs a new companion in and uploads its pre-keys.
async fn uploaded(simulator: &Simulator) -> (Client, Companion, LinkedByPhone, Chat) {
    let (companion, linked) = linked(simulator, PHONE).await;
    let mut client = Client::logged_in(simulator, &companion.device(&linked)).await;
    let routing = client.next("ib").await.unwrap();
    let routing = routing.get_optional_child("edge_routing").unwrap();
    assert!(!bytes(routing.get_optional_child("routing_info").unwrap()).is_empty());
    assert_eq!(ask(&mut client, &PreKeyCountSpec::new(), "count").await.count, 0);
    let chat = Chat::new(&companion);
    ask(&mut client, &upload(&companion, &chat), "upload").await;
    (client, companion, linked, chat)
}

/// The digest that the companion computes itself.
fn digest(companion: &Companion, chat: &Chat, ids: &[u32]) -> Vec<u8> {
    let keys: Vec<&[u8]> =
        ids.iter().map(|id| chat.pre_keys.0[id].public_key.public_key_bytes()).collect();
    compute_key_bundle_digest(
        companion.identity.public_key.public_key_bytes(),
        companion.signed_pre_key.public_key.public_key_bytes(),
        &chat.signature,
        &keys,
    )
}

#[tokio::test]
async fn publishes_its_keys_and_checks_them() {
    let simulator = start().await;
    let (mut client, companion, linked, chat) = uploaded(&simulator).await;
    let count = ask(&mut client, &PreKeyCountSpec::new(), "count").await.count;
    assert_eq!(count, PRE_KEYS as usize);
    assert_eq!(simulator.pre_keys(&linked.jid), PRE_KEYS as usize);

    let answer = ask(&mut client, &DigestKeyBundleSpec::new(), "digest").await;
    assert_eq!(answer.reg_id, companion.registration_id);
    assert_eq!(answer.prekey_ids, (1..=PRE_KEYS).collect::<Vec<_>>());
    assert_eq!(answer.hash, digest(&companion, &chat, &answer.prekey_ids));

    simulator.script(Fault::new(Moment::Digest, Reaction::WrongDigest).for_device(&linked.jid));
    let answer = ask(&mut client, &DigestKeyBundleSpec::new(), "digest").await;
    assert_ne!(answer.hash, digest(&companion, &chat, &answer.prekey_ids));
    assert!(simulator.unused_faults().is_empty());
}

#[tokio::test]
async fn is_sent_the_phones_letters_and_confirms_them() {
    let simulator = start().await;
    let (mut client, _, linked, mut chat) = uploaded(&simulator).await;
    let sent = simulator.record().stanzas;
    assert!(sent.iter().all(|stanza| stanza.tag() != "message"));

    let active = NodeBuilder::new("active").build();
    client.request("set", "passive", Jid::new("", Server::Pn), active).await.unwrap();
    let preview = client.next("ib").await.unwrap();
    let preview = preview.get_optional_child("offline_preview").unwrap();
    assert_eq!(attr(preview, "count").as_deref(), Some("2"));
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let message = client.next("message").await.unwrap();
        assert_eq!(attr(&message, "category").as_deref(), Some("peer"));
        assert_eq!(attr(&message, "from").unwrap(), format!("{PHONE}@s.whatsapp.net"));
        let content = chat.open(&message).await.protocol_message.into_option().unwrap();
        kinds.push(content.r#type.unwrap());
        let mut receipts = vec!["peer_msg"];
        if let Some(history) = content.history_sync_notification.into_option() {
            assert!(history.initial_hist_bootstrap_inline_payload.is_some());
            receipts.push("hist_sync");
        } else {
            assert_eq!(content.app_state_sync_key_share.into_option().unwrap().keys.len(), 1);
        }
        for kind in receipts {
            let receipt = NodeBuilder::new("receipt")
                .attr("id", message.attrs.get("id").unwrap().clone())
                .attr("to", message.attrs.get("from").unwrap().clone())
                .attr("type", kind)
                .build();
            client.send(&receipt).await;
        }
    }
    assert_eq!(kinds, [Type::APP_STATE_SYNC_KEY_SHARE, Type::HISTORY_SYNC_NOTIFICATION]);
    let end = client.next("ib").await.unwrap();
    assert!(end.get_optional_child("offline").is_some());

    // The phone has used one pre-key; and it greets once.
    let left = ask(&mut client, &PreKeyCountSpec::new(), "count").await.count;
    assert_eq!(left, PRE_KEYS as usize - 1);
    assert_eq!(simulator.offline_queued(&linked.jid), 0);
    let record = simulator.record();
    assert_eq!(record.receipts(&linked.jid), ["peer_msg", "peer_msg", "hist_sync"]);
    drop(client);
    assert_eq!(simulator.offline_queued(&linked.jid), 0);
}

#[tokio::test]
async fn meets_failures_after_the_link() {
    let simulator = start().await;
    let (mut client, companion, linked, chat) = uploaded(&simulator).await;
    for moment in [Moment::PreKeyCount, Moment::PreKeyUpload, Moment::Digest, Moment::Activate] {
        let throttled =
            Reaction::IqError { code: 429, text: "rate-overlimit".to_owned(), backoff: Some(9) };
        simulator.script(Fault::new(moment, throttled).for_device(&linked.jid));
        let utils = RequestUtils::new("test".to_owned());
        let query = match moment {
            Moment::PreKeyCount => PreKeyCountSpec::new().build_iq(),
            Moment::Digest => DigestKeyBundleSpec::new().build_iq(),
            Moment::Activate => PassiveModeSpec::active().build_iq(),
            _ => upload(&companion, &chat).build_iq(),
        };
        let iq = utils.build_iq_node(query, Some("faulty".to_owned()));
        let answer = client.query(&iq).await.unwrap();
        assert_eq!(error_code(&answer), Some(429), "{moment:?}");
    }
    assert!(simulator.unused_faults().is_empty());
    let sent = simulator.record().stanzas;
    assert!(sent.iter().all(|stanza| stanza.tag() != "message"));

    // Keys that the identity did not sign are not taken.
    let mut forged = upload(&companion, &chat);
    forged.signed_pre_key_signature = vec![1; 64];
    let utils = RequestUtils::new("test".to_owned());
    let iq = utils.build_iq_node(forged.build_iq(), Some("forged".to_owned()));
    assert_eq!(error_code(&client.query(&iq).await.unwrap()), Some(406));
    assert_eq!(simulator.pre_keys(&linked.jid), PRE_KEYS as usize);
}

#[tokio::test]
async fn unlinks_itself() {
    let simulator = start().await;
    let (mut client, _, linked, _) = uploaded(&simulator).await;
    let jid: Jid = linked.jid.parse().unwrap();
    let request = NodeBuilder::new("remove-companion-device")
        .attr("jid", jid)
        .attr("reason", "user_initiated")
        .build();
    let answer = client.request("set", "md", Jid::new("", Server::Pn), request).await.unwrap();
    assert_eq!(attr(&answer, "type").as_deref(), Some("result"));
    let error = client.next("stream:error").await.unwrap();
    let conflict = error.get_optional_child("conflict").unwrap();
    assert_eq!(attr(conflict, "type").as_deref(), Some("device_removed"));
    assert!(!simulator.is_linked(&linked.jid));
}
