//! The keys of every item. No account id or hash contains `#`, so no two
//! owners can spell the same key.

use domain::clock::UnixMillis;
use domain::group::GroupJid;
use domain::tenant::InstanceId;
use domain::token::TokenHash;

/// Partition and sort key of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Partition key.
    pub(crate) pk: String,
    /// Sort key.
    pub(crate) sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// Sort keys of roster rows begin with this.
pub(crate) const GROUP_PREFIX: &str = "GROUP#";

/// Sort keys of history rows begin with this.
pub(crate) const LEFT_PREFIX: &str = "LEFT#";

/// Partition keys of tokens begin with this.
pub(crate) const TOKEN_PREFIX: &str = "TOKEN#";

/// The sort key of tokens.
pub(crate) const TOKEN: &str = "TOKEN";

/// The sort key of sessions.
pub(crate) const SESSION: &str = "SESSION";

/// Partition keys of instances begin with this.
pub(crate) const INSTANCE_PREFIX: &str = "INSTANCE#";

/// A token, by its hash.
pub(crate) fn token(hash: TokenHash) -> Key {
    key(format!("{TOKEN_PREFIX}{}", hash.to_hex()), TOKEN)
}

/// The partition of everything that belongs to one instance.
pub(crate) fn instance_partition(instance: &InstanceId) -> String {
    format!("{INSTANCE_PREFIX}{}#{}", instance.account, instance.name)
}

/// An instance's session.
pub(crate) fn session(instance: &InstanceId) -> Key {
    key(instance_partition(instance), SESSION)
}

/// A group that an instance is known to be in.
pub(crate) fn group(instance: &InstanceId, jid: &GroupJid) -> Key {
    key(instance_partition(instance), format!("{GROUP_PREFIX}{jid}"))
}

/// A group that an instance left: when the leave was begun, and the owner that began
/// it, so that one leave is one row however often its end is written. Sorts by time:
/// 13 digits last until the year 2286.
pub(crate) fn left(instance: &InstanceId, began: UnixMillis, jid: &GroupJid, by: &str) -> Key {
    key(instance_partition(instance), format!("{LEFT_PREFIX}{:013}#{jid}#{by}", began.0))
}

/// An answer kept for an `Idempotency-Key`, by the key's hash.
pub(crate) fn kept_answer(instance: &InstanceId, key_hash: &str) -> Key {
    key(instance_partition(instance), format!("ANSWER#{key_hash}"))
}

/// The partition of what every environment reads when it starts: the data keys and
/// the client version, so that one query reads them.
pub(crate) const DATA_KEYS: &str = "KEYS";

/// Sort keys of data keys begin with this.
pub(crate) const DATA_KEY_PREFIX: &str = "KEY#";

/// The item that names the data key to seal with. Values under other keys stay
/// readable, so only who seals reads it.
pub(crate) fn current_data_key() -> Key {
    key(DATA_KEYS.to_owned(), "CURRENT")
}

/// A data key, by its id.
pub(crate) fn data_key(id: &str) -> Key {
    key(DATA_KEYS.to_owned(), format!("{DATA_KEY_PREFIX}{id}"))
}

/// The sort key of the client version.
pub(crate) const CLIENT_VERSION: &str = "VERSION";

/// The client version that an operator has set.
pub(crate) fn client_version() -> Key {
    key(DATA_KEYS.to_owned(), CLIENT_VERSION)
}
