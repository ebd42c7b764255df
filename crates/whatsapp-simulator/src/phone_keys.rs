//! What an account's phone keeps to itself.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;

/// The keys of one account's phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PhoneKeys {
    /// The account's key: it signs companions, and is the phone's identity in their chats.
    pub(crate) identity: Keys,
    /// The phone's number among the identity's owners, as Signal sessions carry it.
    pub(crate) registration_id: u32,
    /// Names the set of companions that belong together.
    pub(crate) raw_id: u32,
}

impl PhoneKeys {
    pub(crate) fn generate() -> Self {
        let mut random = rand::rng();
        Self {
            identity: Keys::generate(),
            // Signal's registration ids have 14 bits and are never 0.
            registration_id: random.random_range(1..0x3FFF),
            raw_id: random.random_range(1..=u32::MAX),
        }
    }
}
