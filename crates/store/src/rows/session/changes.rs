//! What operators write on a session: another device, another seal, another name, its end.
//!
//! What replaces the device or ends the session is on condition of the lease and of all
//! that was read of it; what only seals anew, of the sealed value.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::credentials::DeviceJid;
use domain::tenant::{AccountId, InstanceId, InstanceName};

use super::{DELETING, FIRST_LOGIN, NewSession, Session, item};
use crate::rows::owned::is_of;
use crate::seal::Sealed;
use crate::session::{Generation, Held};
use crate::table::{
    Action, Attributes, Condition, Found, StoreError, Table, binary, keys, number, text,
};

/// Attributes of a session that outlive its device: what it is, the intents, which are
/// about the number and not about the device, and the generation of what belongs to it.
const KEPT: [&str; 7] = ["pk", "sk", "account", "instance", "intents", "created_at", "generation"];

/// Attributes that tell of the old device, where the new one has none of its own.
const OF_THE_OLD: [&str; 8] = [
    "logged_out_by",
    "blocked_until",
    "blocked_by",
    "checked_at",
    "check_result",
    "seen_at",
    "device_lid",
    FIRST_LOGIN,
];

/// What is left of a session that is being deleted.
const NAME: [&str; 7] =
    ["pk", "sk", "account", "instance", "generation", "created_at", "moving_to"];

/// Everything secret of a session, sealed anew.
#[derive(Debug)]
pub struct Resealed {
    /// The credentials.
    pub sealed: Sealed,
    /// The keys of a first login that has not ended, with the same data key.
    pub first_login: Option<Vec<u8>>,
}

impl Resealed {
    fn attributes(self) -> Attributes {
        let mut sealed = HashMap::from([
            ("sealed".to_owned(), binary(self.sealed.bytes)),
            ("key_id".to_owned(), text(self.sealed.key_id)),
        ]);
        if let Some(keys) = self.first_login {
            sealed.insert(FIRST_LOGIN.to_owned(), binary(keys));
        }
        sealed
    }
}

/// Makes a session that is not there yet.
pub fn put_new(
    instance: &InstanceId,
    session: &NewSession<'_>,
    generation: &Generation,
    now: UnixMillis,
) -> Action {
    Action::put_if(item(instance, session, generation, now), Condition::is_new())
}

/// Puts another device in the place of the one that is held, and releases the lease: who
/// waits for it finds the new device. A session that is being deleted is replaced as a
/// whole, by one of `generation`, so that nothing of it is left.
pub fn relink(
    held: &Held,
    device: &NewSession<'_>,
    generation: &Generation,
    now: UnixMillis,
) -> Action {
    let mut item = item(held.instance(), device, generation, now);
    if held.session().is_deleting() && !broken!(LinkAfterDeletionIsNew) {
        item.insert("last_owner".to_owned(), text(held.owner()));
        return Action::put_if(item, as_read(held));
    }
    let mut removed = vec!["lease_owner", "lease_until"];
    removed.extend(OF_THE_OLD.iter().filter(|name| !item.contains_key(**name)));
    let mut condition = as_read(held);
    let mut set = vec!["last_owner = :me".to_owned()];
    for (name, value) in item.into_iter().filter(|(name, _)| !KEPT.contains(&name.as_str())) {
        set.push(format!("{name} = :new_{name}"));
        condition = condition.value(&format!(":new_{name}"), value);
    }
    let expression = format!("SET {} REMOVE {}", set.join(", "), removed.join(", "));
    Action::change(keys::session(held.instance()), &expression, condition)
}

/// Puts what was sealed anew into a session, if what is sealed there is what was read.
pub fn reseal(instance: &InstanceId, read: &Session, sealed: Resealed) -> Action {
    let mut condition = as_sealed(read);
    let mut set = Vec::new();
    for (name, value) in sealed.attributes() {
        set.push(format!("{name} = :new_{name}"));
        condition = condition.value(&format!(":new_{name}"), value);
    }
    Action::change(keys::session(instance), &format!("SET {}", set.join(", ")), condition)
}

/// The end of a session that is held: nothing is left of it but its name, so that no run
/// can begin and no intent counts. It releases the lease.
pub fn end(held: &Held, moved_to: Option<&InstanceName>) -> Action {
    let mut session = held.session().0.clone();
    session.retain(|name, _| NAME.contains(&name.as_str()));
    session.insert("session_state".to_owned(), text(DELETING));
    session.insert("intents".to_owned(), AttributeValue::M(HashMap::new()));
    session.insert("last_owner".to_owned(), text(held.owner()));
    if let Some(new) = moved_to {
        session.insert("moved_to".to_owned(), text(new.as_str()));
    }
    Action::put_if(session, as_read(held))
}

/// Claims the name `new` for the session of `old`: a session there that callers read as
/// none, and that says where it comes from.
pub fn claim_name(old: &InstanceName, new: &InstanceId, generation: &Generation) -> Action {
    let key = keys::session(new);
    let mut claim = Attributes::from([
        ("pk".to_owned(), text(key.pk)),
        ("sk".to_owned(), text(key.sk)),
        ("account".to_owned(), text(new.account.as_str())),
        ("instance".to_owned(), text(new.name.as_str())),
        ("session_state".to_owned(), text(DELETING)),
        ("intents".to_owned(), AttributeValue::M(Attributes::new())),
        ("moving_from".to_owned(), text(old.as_str())),
    ]);
    generation.mark(&mut claim);
    let is_free = Condition::new("attribute_not_exists(pk) OR moving_from = :old")
        .value(":old", text(old.as_str()));
    Action::put_if(claim, is_free)
}

/// Notes with a session that is held where it goes.
pub fn note_move(held: &Held, new: &InstanceName) -> Action {
    let is_held = Condition::new("lease_owner = :me")
        .value(":me", text(held.owner()))
        .value(":new", text(new.as_str()));
    Action::change(keys::session(held.instance()), "SET moving_to = :new", is_held)
}

/// Fails unless the name `new` is claimed by that very rename of `old`.
pub fn is_claimed(old: &InstanceName, new: &InstanceId, generation: &Generation) -> Action {
    Action::check(keys::session(new), claim_of(old, generation))
}

/// Makes the session that is held that of `new`, of another generation and sealed anew
/// where it has a device, in the place of its claim there.
pub fn arrive(
    held: &Held,
    new: &InstanceId,
    generation: &Generation,
    sealed: Option<Resealed>,
) -> Action {
    let mut session = held.session().0.clone();
    for name in ["lease_owner", "lease_until", "last_owner", "moving_to"] {
        session.remove(name);
    }
    session.insert("pk".to_owned(), text(keys::instance_partition(new)));
    session.insert("instance".to_owned(), text(new.name.as_str()));
    generation.mark(&mut session);
    session.extend(sealed.map(Resealed::attributes).into_iter().flatten());
    Action::put_if(session, claim_of(&held.instance().name, generation))
}

/// The first login of `device` has come to its end: its keys go, if the session has it.
pub fn end_first_login(instance: &InstanceId, device: &DeviceJid) -> Action {
    let is_its = Condition::new("device_jid = :device").value(":device", text(device.to_string()));
    Action::change(keys::session(instance), "REMOVE first_login", is_its)
}

/// Forgets a block that is remembered until `until`, and no other.
pub fn lift_block(instance: &InstanceId, until: UnixMillis) -> Action {
    let as_read = Condition::exists()
        .and("attribute_not_exists(blocked_until) OR blocked_until = :until")
        .value(":until", number(until.0));
    Action::change(keys::session(instance), "REMOVE blocked_until, blocked_by", as_read)
}

/// Fails unless the instance is there, and nobody is deleting it.
pub fn is_open(instance: &InstanceId) -> Action {
    let stays = Condition::new("attribute_exists(pk) AND session_state <> :deleting")
        .value(":deleting", text(DELETING));
    Action::check(keys::session(instance), stays)
}

/// The claim of one rename on its new name.
fn claim_of(old: &InstanceName, generation: &Generation) -> Condition {
    is_of(generation).and("moving_from = :moving_from").value(":moving_from", text(old.as_str()))
}

/// What is sealed in a session is what was read of it.
fn as_sealed(session: &Session) -> Condition {
    let Some(sealed) = session.sealed() else {
        return Condition::new("attribute_not_exists(sealed)");
    };
    let condition = Condition::new("sealed = :read AND key_id = :read_key")
        .value(":read", binary(sealed.bytes))
        .value(":read_key", text(sealed.key_id));
    match session.0.get(FIRST_LOGIN) {
        Some(keys) => condition.and("first_login = :read_first").value(":read_first", keys.clone()),
        None => condition.and("attribute_not_exists(first_login)"),
    }
}

/// The lease is still ours, and what is sealed is what was read.
fn as_read(held: &Held) -> Condition {
    let fence = broken!(ReplacingIsFenced =>
        "lease_owner = :me OR attribute_exists(pk)"; "lease_owner = :me");
    let condition = as_sealed(held.session()).and(fence);
    let condition = condition.value(":me", text(held.owner()));
    // A block is lifted without the lease.
    match held.session().0.get("blocked_until") {
        Some(until) => condition.and("blocked_until = :blocked").value(":blocked", until.clone()),
        None => condition.and("attribute_not_exists(blocked_until)"),
    }
}

impl Found {
    /// Whether it is a session that is being deleted.
    pub fn is_deleting(&self) -> bool {
        self.item().optional_text("session_state") == Some(DELETING)
    }
}

impl Table {
    /// A session, read consistently.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(
        &self,
        instance: &InstanceId,
        budget: Budget,
    ) -> Result<Option<Session>, StoreError> {
        Ok(self.get(&keys::session(instance), budget).await?.map(Session))
    }

    /// The sessions of an account, as its index has them: it follows the table by a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listed_sessions(&self, account: &AccountId) -> Result<Vec<Session>, StoreError> {
        let items = self.of_account(account, keys::INSTANCE_PREFIX).await?;
        Ok(items.into_iter().map(Session).collect())
    }

    /// The sessions of an account, read from the table itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions_of(&self, account: &AccountId) -> Result<Vec<Session>, StoreError> {
        let items = self.scan_of(account, keys::SESSION).await?;
        Ok(items.into_iter().map(Session).collect())
    }

    /// Every session of the table, read consistently; with `not_under`, those that are
    /// sealed with another data key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_sessions(&self, not_under: Option<&str>) -> Result<Vec<Session>, StoreError> {
        let sessions = Condition::new("sk = :session").value(":session", text(keys::SESSION));
        let items = self.scan(match not_under {
            None => sessions,
            Some(key_id) => sessions
                .and("attribute_exists(sealed) AND key_id <> :key")
                .value(":key", text(key_id)),
        });
        Ok(items.await?.into_iter().map(Session).collect())
    }

    /// Deletes what is left of a session that has ended, if it is of that generation.
    /// Otherwise another was made under the name, and it stays.
    ///
    /// # Errors
    /// [`StoreError`]. Asking again does no harm.
    pub async fn delete_ended(
        &self,
        instance: &InstanceId,
        generation: &Generation,
    ) -> Result<(), StoreError> {
        let is_its =
            is_of(generation).and("session_state = :deleting").value(":deleting", text(DELETING));
        self.delete_if(keys::session(instance), &is_its).await.map(|_| ())
    }
}
