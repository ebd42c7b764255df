//! What a phone writes to a companion that it has just linked: an app-state key, and a history.

use rand::RngExt as _;
use wacore::libsignal::protocol::{
    CiphertextMessage, IdentityKeyPair, PreKeyBundle, ProtocolAddress, SignalProtocolError,
    UsePQRatchet, message_encrypt, process_prekey_bundle,
};
use wacore::messages::MessageUtils;
use waproto::buffa::{Message as _, MessageField};
use waproto::whatsapp::message::{
    AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint, AppStateSyncKeyId,
    AppStateSyncKeyShare, HistorySyncNotification, HistorySyncType, ProtocolMessage,
    protocol_message,
};
use waproto::whatsapp::{HistorySync, Message, Pushname, history_sync};

use crate::clock::unix_now;
use crate::phone_keys::PhoneKeys;
use crate::signal_store::{OneSession, OwnIdentity};
use crate::state::Shared;
use crate::world::Letter;

/// What is needed to write to a new companion.
struct Addressee {
    phone: String,
    keys: PhoneKeys,
    bundle: PreKeyBundle,
    number: u16,
}

impl Shared {
    /// Queues the first letters to a companion, once, when it is ready for them.
    pub(crate) async fn greet(&self, device: &str) {
        let Some(addressee) = self.addressee(device) else {
            return;
        };
        // The keys were checked when they came, so there is nothing here that a client could fix.
        let Ok(letters) = write(&addressee).await else {
            return;
        };
        self.change(|world| {
            for letter in letters {
                world.messages += 1;
                let id = format!("3EB0{:016X}", world.messages);
                if let Some(device) = world.devices.get_mut(device) {
                    device.queue.push(id.clone());
                    device.letters.insert(id, letter);
                }
            }
        });
    }

    /// Takes one of the companion's pre-keys, if it is to be greeted.
    fn addressee(&self, device: &str) -> Option<Addressee> {
        let world = &mut self.state().world;
        let linked = world.devices.get_mut(device).filter(|linked| linked.greeting_due)?;
        let number = device.split_once(':')?.1.split_once('@')?.0.parse().ok()?;
        let bundle = linked.bundle.as_mut()?.take_for_sender(number).ok()?;
        linked.greeting_due = false;
        let phone = linked.phone.clone();
        let keys = world.phone_keys(&phone).clone();
        Some(Addressee { phone, keys, bundle, number })
    }
}

async fn write(addressee: &Addressee) -> Result<Vec<Letter>, SignalProtocolError> {
    let address = ProtocolAddress::new(&addressee.phone, u32::from(addressee.number).into());
    let mut sessions = OneSession::default();
    let mut own = OwnIdentity {
        pair: IdentityKeyPair::from(addressee.keys.identity.pair()?),
        registration_id: addressee.keys.registration_id,
        theirs: None,
    };
    process_prekey_bundle(
        &address,
        &mut sessions,
        &mut own,
        &addressee.bundle,
        &mut rand::make_rng::<rand::rngs::StdRng>(),
        UsePQRatchet::No,
    )
    .await?;
    let mut letters = Vec::new();
    for message in [key_share(&addressee.keys), history(&addressee.phone)] {
        let plaintext = MessageUtils::encode_and_pad(&message);
        let sealed = message_encrypt(&plaintext, &address, &mut sessions, &mut own).await?;
        let kind = match sealed {
            CiphertextMessage::PreKeySignalMessage(_) => "pkmsg",
            _ => "msg",
        };
        letters.push(Letter {
            from: format!("{}@s.whatsapp.net", addressee.phone),
            kind: kind.to_owned(),
            sealed: sealed.serialize().to_vec(),
        });
    }
    Ok(letters)
}

fn protocol_message(message: ProtocolMessage) -> Message {
    Message { protocol_message: MessageField::some(message), ..Message::default() }
}

/// The key that the account's synchronised settings are encrypted with.
fn key_share(keys: &PhoneKeys) -> Message {
    let mut random = rand::rng();
    let key: [u8; 32] = random.random();
    let id: [u8; 4] = random.random();
    let share = AppStateSyncKeyShare {
        keys: vec![AppStateSyncKey {
            // Two bytes of zero before the phone's number among its devices.
            key_id: MessageField::some(AppStateSyncKeyId {
                key_id: Some([&[0, 0], id.as_slice()].concat()),
            }),
            key_data: MessageField::some(AppStateSyncKeyData {
                key_data: Some(key.to_vec()),
                fingerprint: MessageField::some(AppStateSyncKeyFingerprint {
                    raw_id: Some(keys.raw_id),
                    current_index: Some(0),
                    device_indexes: vec![0],
                }),
                timestamp: i64::try_from(unix_now()).ok().map(|seconds| seconds * 1000),
            }),
        }],
    };
    protocol_message(ProtocolMessage {
        r#type: Some(protocol_message::Type::APP_STATE_SYNC_KEY_SHARE),
        app_state_sync_key_share: MessageField::some(share),
        ..ProtocolMessage::default()
    })
}

/// The first part of a history without chats, within the message itself: nothing is to be
/// downloaded.
fn history(phone: &str) -> Message {
    let history = HistorySync {
        sync_type: history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
        chunk_order: Some(1),
        progress: Some(100),
        pushnames: vec![Pushname {
            id: Some(format!("{phone}@s.whatsapp.net")),
            pushname: Some("Simulated".to_owned()),
        }],
        ..HistorySync::default()
    };
    let notification = HistorySyncNotification {
        sync_type: Some(HistorySyncType::INITIAL_BOOTSTRAP),
        chunk_order: Some(1),
        progress: Some(100),
        initial_hist_bootstrap_inline_payload: Some(zlib_stored(&history.encode_to_vec())),
        ..HistorySyncNotification::default()
    };
    protocol_message(ProtocolMessage {
        r#type: Some(protocol_message::Type::HISTORY_SYNC_NOTIFICATION),
        history_sync_notification: MessageField::some(notification),
        ..ProtocolMessage::default()
    })
}

/// A zlib stream (RFC 1950) of one stored block: histories are sent compressed, and this one is
/// too short to gain anything.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 2] = [0x78, 0x01];
    const LAST_STORED_BLOCK: u8 = 1;
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let data = &data[..usize::from(length)];
    let mut stream = HEADER.to_vec();
    stream.push(LAST_STORED_BLOCK);
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(data);
    stream.extend_from_slice(&adler32(data).to_be_bytes());
    stream
}

fn adler32(data: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}
