//! What the server knows: accounts, linked devices, groups and invites.

use std::collections::BTreeMap;
use std::fmt;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::certificate::Issuers;
use crate::key_bundle::KeyBundle;
use crate::keys::{Keys, bytes_from_hex, bytes_to_hex, from_hex, to_hex};
use crate::phone_keys::PhoneKeys;

/// Everything that survives a restart of the simulator. Its JSON holds the server's private keys;
/// its `Debug` form shows none.
#[derive(Clone, Serialize, Deserialize)]
pub struct World {
    root: Keys,
    intermediate: Keys,
    server: Keys,
    leaf_serial: u32,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) devices: BTreeMap<String, LinkedDevice>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) invites: BTreeMap<String, Invite>,
    pub(crate) messages: u64,
}

/// One phone number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Without device and server.
    pub(crate) lid: String,
    next_device: u16,
    /// Made when the phone is first asked for something.
    #[serde(default)]
    phone: Option<PhoneKeys>,
}

/// A companion as the server sees it: it knows the public key only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LinkedDevice {
    pub(crate) phone: String,
    pub(crate) lid: String,
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub(crate) noise_public_key: [u8; 32],
    /// Ids of the messages that wait for this device.
    pub(crate) queue: Vec<String>,
    /// What it can be written to with; devices that no phone linked have none until they upload it.
    #[serde(default)]
    pub(crate) bundle: Option<KeyBundle>,
    /// Whether the phone still has to send what every new companion is sent.
    #[serde(default)]
    pub(crate) greeting_due: bool,
    /// Those of the queue that the device can decrypt, by id.
    #[serde(default)]
    pub(crate) letters: BTreeMap<String, Letter>,
}

/// A message that its device can decrypt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// Without device: the account's phone.
    pub(crate) from: String,
    /// `pkmsg` or `msg`.
    pub(crate) kind: String,
    #[serde(serialize_with = "bytes_to_hex", deserialize_with = "bytes_from_hex")]
    pub(crate) sealed: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) kind: GroupKind,
    pub(crate) lid_addressed: bool,
    #[serde(default)]
    pub(crate) hides_numbers: bool,
    pub(crate) created: u64,
    pub(crate) creator: Option<String>,
    pub(crate) members: BTreeMap<String, Rank>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Invite {
    pub(crate) group: String,
    pub(crate) revoked: bool,
}

/// What a group is to its community.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A plain group.
    Group,
    /// A community: the parent of its announcement group and its subgroups.
    Community,
    /// A group linked to a community.
    Subgroup {
        /// The community's JID.
        parent: String,
    },
    /// The announcement group of a community, which cannot be left alone.
    Announcement {
        /// The community's JID.
        parent: String,
    },
}

impl GroupKind {
    pub(crate) fn parent(&self) -> Option<&str> {
        match self {
            Self::Group | Self::Community => None,
            Self::Subgroup { parent } | Self::Announcement { parent } => Some(parent),
        }
    }
}

/// A member's rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// No rank.
    Member,
    /// `type="admin"`.
    Admin,
    /// `type="superadmin"`, the owner.
    Superadmin,
}

/// A linked device as its owner holds it. `Debug` hides the key.
#[derive(Clone)]
pub struct Device {
    /// The account's phone number, digits only.
    pub phone: String,
    /// `phone:device@s.whatsapp.net`.
    pub jid: String,
    /// `lid:device@lid`.
    pub lid: String,
    /// The private key, handed out here and nowhere else.
    pub noise_private_key: [u8; 32],
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("phone", &self.phone)
            .field("jid", &self.jid)
            .field("lid", &self.lid)
            .finish_non_exhaustive()
    }
}

impl World {
    /// An empty world with fresh random keys.
    #[must_use]
    pub fn new() -> Self {
        Self {
            root: Keys::generate(),
            intermediate: Keys::generate(),
            server: Keys::generate(),
            leaf_serial: 2,
            accounts: BTreeMap::new(),
            devices: BTreeMap::new(),
            groups: BTreeMap::new(),
            invites: BTreeMap::new(),
            messages: 0,
        }
    }

    pub(crate) fn root_key(&self) -> [u8; 32] {
        *self.root.public()
    }

    pub(crate) fn server_keys(&self) -> &Keys {
        &self.server
    }

    pub(crate) fn issuers(&self) -> Issuers<'_> {
        Issuers {
            root: &self.root,
            intermediate: &self.intermediate,
            server: &self.server,
            leaf_serial: self.leaf_serial,
        }
    }

    pub(crate) fn rotate_server_key(&mut self) {
        self.server = Keys::generate();
        self.leaf_serial += 1;
    }

    /// The account of a phone number, made when missing: every member has a LID.
    pub(crate) fn account(&mut self, phone: &str) -> &mut Account {
        self.accounts.entry(phone.to_owned()).or_insert_with(|| Account {
            lid: digits(15),
            next_device: 1,
            phone: None,
        })
    }

    /// The keys of an account's phone, made when missing.
    pub(crate) fn phone_keys(&mut self, phone: &str) -> &PhoneKeys {
        self.account(phone).phone.get_or_insert_with(PhoneKeys::generate)
    }

    /// A device number that is not used yet, and the LID that goes with it.
    pub(crate) fn next_device(&mut self, phone: &str) -> (u16, String) {
        let account = self.account(phone);
        let number = account.next_device;
        account.next_device += 1;
        (number, format!("{}:{number}@lid", account.lid))
    }

    pub(crate) fn link_device(&mut self, phone: &str) -> Device {
        let keys = Keys::generate();
        let (number, lid) = self.next_device(phone);
        let jid = format!("{phone}:{number}@s.whatsapp.net");
        self.devices.insert(
            jid.clone(),
            LinkedDevice {
                phone: phone.to_owned(),
                lid: lid.clone(),
                noise_public_key: *keys.public(),
                queue: Vec::new(),
                bundle: None,
                greeting_due: false,
                letters: BTreeMap::new(),
            },
        );
        Device { phone: phone.to_owned(), jid, lid, noise_private_key: *keys.private() }
    }

    pub(crate) fn invite(&mut self, group: &str) -> String {
        let code: String = (&mut rand::rng())
            .sample_iter(rand::distr::Alphanumeric)
            .take(22)
            .map(char::from)
            .collect();
        self.add_invite(code.clone(), group);
        code
    }

    pub(crate) fn add_invite(&mut self, code: String, group: &str) {
        self.invites.insert(code, Invite { group: group.to_owned(), revoked: false });
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("root_key", &hex::encode(self.root.public()))
            .field("devices", &self.devices)
            .field("groups", &self.groups)
            .field("invites", &self.invites)
            .finish_non_exhaustive()
    }
}

/// Random digits without a leading zero.
pub(crate) fn digits(count: usize) -> String {
    let mut random = rand::rng();
    (0..count)
        .map(|place| {
            let least = u8::from(place == 0);
            char::from(b'0' + random.random_range(least..10))
        })
        .collect()
}
