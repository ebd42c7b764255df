//! An instance's session: what a new one is, and what one that is there says. Lease and
//! intents are in it and have their own room, [`crate::session`].

#[cfg(feature = "operator")]
mod changes;

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::block::BlockReason;
use domain::clock::UnixMillis;
use domain::credentials::{Credentials, DeviceJid};
use domain::gone::Gone;
use domain::tenant::{InstanceId, InstanceName};

use crate::seal::Sealed;
use crate::session::{Generation, next_check};
use crate::table::index::BY_DUE;
use crate::table::{Action, Attributes, Corrupt, Item, binary, keys, number, owner, text};

#[cfg(feature = "operator")]
pub use changes::{
    Resealed, arrive, claim_name, end, end_first_login, is_claimed, is_open, lift_block, note_move,
    put_new, relink, reseal,
};

/// `session_state` of a device that can log in.
pub(crate) const LINKED: &str = "linked";
/// `session_state` of a device that WhatsApp has unlinked.
pub(crate) const LOGGED_OUT: &str = "logged_out";
/// `session_state` of an instance that was never linked.
pub(crate) const NEVER_LINKED: &str = "never_linked";
/// `session_state` of an instance that is being deleted: for callers there is none.
pub(crate) const DELETING: &str = "deleting";

/// The partition of the sessions that are due for a check. Only checks and links write
/// it, so it stays cold.
pub(crate) const DUE: &str = "DUE";

/// The keys of a first login that has not ended.
const FIRST_LOGIN: &str = "first_login";

/// Whether an instance's device can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has a linked device.
    Linked,
    /// WhatsApp has unlinked its device.
    LoggedOut,
    /// It never had one.
    NeverLinked,
    /// Someone has begun to delete it, or to give it another name.
    Deleting,
}

impl State {
    /// Its name, as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linked => LINKED,
            Self::LoggedOut => LOGGED_OUT,
            Self::NeverLinked => NEVER_LINKED,
            Self::Deleting => DELETING,
        }
    }
}

/// What a new session is made of.
#[derive(Debug)]
pub enum NewSession<'a> {
    /// An instance without a device.
    NeverLinked,
    /// A linked device with its sealed credentials.
    Linked {
        /// Whose JIDs are also stored in the open, for lists.
        credentials: &'a Credentials,
        /// The sealed form of the same.
        sealed: &'a Sealed,
        /// The keys that its first login needs, sealed with the same data key, when that
        /// is still to come.
        first_login: Option<&'a [u8]>,
    },
}

/// Writes a session, whatever is there.
pub fn put(
    instance: &InstanceId,
    session: &NewSession<'_>,
    generation: &Generation,
    now: UnixMillis,
) -> Action {
    Action::put(item(instance, session, generation, now))
}

/// The item of a new session. It has an empty map of intents from the start:
/// an update cannot set a path inside a map that is not there.
///
/// `now` is when it was made; its first check is due a check's interval later.
fn item(
    instance: &InstanceId,
    session: &NewSession<'_>,
    generation: &Generation,
    now: UnixMillis,
) -> Attributes {
    let key = keys::session(instance);
    let mut item = HashMap::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("account".to_owned(), text(instance.account.as_str())),
        ("instance".to_owned(), text(instance.name.as_str())),
        ("intents".to_owned(), AttributeValue::M(HashMap::new())),
        ("created_at".to_owned(), number(now.0)),
    ]);
    generation.mark(&mut item);
    match session {
        NewSession::NeverLinked => {
            item.insert("session_state".to_owned(), text(NEVER_LINKED));
        }
        NewSession::Linked { credentials, sealed, first_login } => {
            item.insert("session_state".to_owned(), text(LINKED));
            item.insert("device_jid".to_owned(), text(credentials.device.to_string()));
            if let Some(lid) = &credentials.lid {
                item.insert("device_lid".to_owned(), text(lid.clone()));
            }
            item.insert("key_id".to_owned(), text(sealed.key_id.clone()));
            item.insert("sealed".to_owned(), binary(sealed.bytes.clone()));
            item.insert("linked_at".to_owned(), number(now.0));
            item.insert(BY_DUE.partition.to_owned(), text(DUE));
            item.insert(BY_DUE.sort.to_owned(), number(next_check(now).0));
            if let Some(keys) = first_login {
                item.insert(FIRST_LOGIN.to_owned(), binary(*keys));
            }
        }
    }
    item
}

/// A session as it was read. No text shows what is in it.
#[derive(Clone, PartialEq)]
pub struct Session(pub(crate) Attributes);

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

impl Session {
    fn read(&self) -> Item<'_> {
        Item(&self.0)
    }

    fn at(&self, name: &str) -> Option<UnixMillis> {
        self.read().optional_number(name).map(UnixMillis)
    }

    /// Whose it is.
    ///
    /// # Errors
    /// [`Corrupt`] when it names no instance.
    pub fn id(&self) -> Result<InstanceId, Corrupt> {
        owner(self.read())
    }

    /// Whether its device can log in.
    ///
    /// # Errors
    /// [`Corrupt`] when it is in no state that there is.
    pub fn state(&self) -> Result<State, Corrupt> {
        match self.read().text("session_state")? {
            LINKED => Ok(State::Linked),
            LOGGED_OUT => Ok(State::LoggedOut),
            NEVER_LINKED => Ok(State::NeverLinked),
            DELETING => Ok(State::Deleting),
            _ => Err(Corrupt("session_state")),
        }
    }

    /// Whether someone has begun to delete it.
    pub fn is_deleting(&self) -> bool {
        self.state() == Ok(State::Deleting)
    }

    /// The generation of what belongs to it.
    pub fn generation(&self) -> Generation {
        Generation::of(self.read())
    }

    /// Its device's JID, as it is stored.
    pub fn device_text(&self) -> Option<&str> {
        self.read().optional_text("device_jid")
    }

    /// Its device.
    pub fn device(&self) -> Option<DeviceJid> {
        self.device_text()?.parse().ok()
    }

    /// Its device's LID.
    pub fn lid(&self) -> Option<&str> {
        self.read().optional_text("device_lid")
    }

    /// The id of the data key that its credentials are sealed with.
    pub fn key_id(&self) -> Option<&str> {
        self.read().optional_text("key_id")
    }

    /// Its credentials, when it has a device.
    pub fn sealed(&self) -> Option<Sealed> {
        let bytes = self.read().binary("sealed").ok()?.to_vec();
        Some(Sealed { key_id: self.key_id()?.to_owned(), bytes })
    }

    /// The keys of a first login that has not ended.
    pub fn first_login(&self) -> Option<Sealed> {
        let bytes = self.read().binary(FIRST_LOGIN).ok()?.to_vec();
        Some(Sealed { key_id: self.sealed()?.key_id, bytes })
    }

    /// Whether its device's first login has not come to its end.
    pub fn is_unfinished(&self) -> bool {
        self.0.contains_key(FIRST_LOGIN)
    }

    /// When it was made.
    pub fn created(&self) -> Option<UnixMillis> {
        self.at("created_at")
    }

    /// When its device was linked.
    pub fn linked(&self) -> Option<UnixMillis> {
        self.at("linked_at")
    }

    /// When it was last seen online.
    pub fn seen(&self) -> Option<UnixMillis> {
        self.at("seen_at")
    }

    /// When it was checked last.
    pub fn checked(&self) -> Option<UnixMillis> {
        self.at("checked_at")
    }

    /// What that check found.
    pub fn check_result(&self) -> Option<&str> {
        self.read().optional_text("check_result")
    }

    /// When its next check is due.
    pub fn due(&self) -> Option<UnixMillis> {
        self.at(BY_DUE.sort)
    }

    /// Why its device cannot log in, when it is logged out.
    ///
    /// # Errors
    /// [`Corrupt`] when it is in no state that there is.
    pub fn gone(&self) -> Result<Option<Gone>, Corrupt> {
        let is_gone = self.state()? == State::LoggedOut;
        Ok(is_gone.then(|| Gone::from_name(self.read().optional_text("logged_out_by"))))
    }

    /// Why and until when WhatsApp does not listen to it, when that is after `now`.
    pub fn block(&self, now: UnixMillis) -> Option<(BlockReason, UnixMillis)> {
        let until = self.at("blocked_until").filter(|until| *until > now)?;
        let reason = self.read().optional_text("blocked_by").unwrap_or_default();
        Some((BlockReason::from_name(reason), until))
    }

    /// Until when a run holds it, when that is after `now`.
    pub fn leased_until(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.at("lease_until").filter(|until| *until > now)
    }

    /// Who holds it at `now`.
    pub(crate) fn holder(&self, now: UnixMillis) -> Option<&str> {
        self.leased_until(now)?;
        self.read().optional_text("lease_owner")
    }

    /// The name that it is moving to, if a rename of it was begun.
    ///
    /// # Errors
    /// [`Corrupt`] when that is no name.
    pub fn moving_to(&self) -> Result<Option<InstanceName>, Corrupt> {
        let name = self.read().optional_text("moving_to").map(InstanceName::of_stored);
        name.transpose().map_err(|_| Corrupt("moving_to"))
    }

    /// The name that it has now, if it is what a rename left behind.
    pub fn moved_to(&self) -> Option<&str> {
        self.read().optional_text("moved_to")
    }

    /// The name whose session is to come here, if this is a claim on a name.
    pub fn moving_from(&self) -> Option<&str> {
        self.read().optional_text("moving_from")
    }
}
