//! Another name for an instance: everything of it moves.
//!
//! Under its lease the new name is claimed first: a session there that callers read as
//! none, and that says where it comes from. Then rows, history and kept answers are copied,
//! then its tokens change their instance, each on condition of that claim, so that nothing is
//! written beside somebody else who has the name. Then one transaction makes the session under
//! the new name and ends the old one. Until then the old name is the one that works, and what
//! was copied is of a generation that no session has, so it means nothing. From then on the old
//! name is that of an instance that is being deleted. Cut short anywhere, it is asked for again;
//! or either name is deleted, and the tokens are the old one's.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::credentials::DeviceJid;
use domain::tenant::{InstanceId, InstanceName};
use store::session::{DELETING, Generation, Held, device_claim};
use store::table::{Attributes, Cancelled, Item, StoreError, keys, text};

use crate::device::sealed_value;
use crate::instances::is_deleting;
use crate::writes::{self, Condition, MOST_ACTIONS, Refused, generation, is_of, owner, random};
use crate::{Operator, OperatorError, patience};

/// How often a write that met someone else's is made again.
const ATTEMPTS: usize = 3;

/// What moved with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renamed {
    /// Rows of groups, of the history, and kept answers.
    pub rows: usize,
    /// Its own tokens.
    pub tokens: usize,
}

impl Operator {
    /// Gives `old` the name `new` within its account.
    ///
    /// # Errors
    /// [`OperatorError::NoInstance`], [`OperatorError::InstanceExists`] under the new name,
    /// [`OperatorError::Deleting`], [`OperatorError::Busy`], [`OperatorError::Changed`],
    /// or the table's. What was begun is ended by asking once more.
    pub async fn rename_instance(
        &self,
        old: &InstanceId,
        new: &InstanceName,
    ) -> Result<Renamed, OperatorError> {
        let id = InstanceId { account: old.account.clone(), name: new.clone() };
        let mut renamed = Renamed::default();
        let ended = self.begin(old, &id, &mut renamed).await?;
        // Tokens that were issued while rows were copied.
        renamed.tokens += self.tidy_tokens(old, &ended).await?;
        self.tidy_rows(old, &ended).await?;
        let is_its = is_of(&generation(&ended))
            .and("session_state = :deleting")
            .value(":deleting", text(DELETING));
        // Refused: another was made under the old name.
        self.delete_if(&keys::session(old), &is_its).await?;
        Ok(renamed)
    }

    /// Makes the session under the new name, unless that is done. Returns the old one.
    async fn begin(
        &self,
        old: &InstanceId,
        new: &InstanceId,
        renamed: &mut Renamed,
    ) -> Result<Attributes, OperatorError> {
        for _ in 0..ATTEMPTS {
            let session = self.session(old).await?;
            if is_deleting(&session) {
                return if Item(&session).optional_text("moved_to") == Some(new.name.as_str()) {
                    Ok(session)
                } else {
                    Err(OperatorError::Deleting(old.clone()))
                };
            }
            if let Some(to) = moving_to(&session).filter(|to| *to != new.name.as_str()) {
                let (instance, to) = (old.clone(), to.to_owned());
                return Err(OperatorError::Moving { instance, to });
            }
            let there = self.table.get(&keys::session(new), patience()).await?;
            if there.is_some_and(|there| moving_from(&there) != Some(old.name.as_str())) {
                return Err(OperatorError::InstanceExists(new.clone()));
            }
            let held = self.hold(old, None).await?;
            let moved = self.move_under(&held, new, renamed).await;
            let is_done = matches!(moved, Ok(true));
            if !is_done {
                self.let_go(held).await;
            }
            moved?;
        }
        Err(OperatorError::Changed(old.clone()))
    }

    /// Whether the session has its new name; otherwise it changed meanwhile.
    async fn move_under(
        &self,
        held: &Held,
        new: &InstanceId,
        renamed: &mut Renamed,
    ) -> Result<bool, OperatorError> {
        let old = held.instance();
        if is_deleting(held.item()) {
            return Ok(false);
        }
        let generation = Generation::new()?;
        if !self.claim_name(held, new, &generation).await? {
            return Ok(false);
        }
        renamed.rows = self.copy_rows(held, new, &generation).await?;
        let tokens = self.own_tokens(old).await?;
        renamed.tokens += tokens.len();
        let tokens = tokens.iter().map(writes::key).collect::<Result<Vec<_>, _>>()?;
        let claimed = self.check(keys::session(new), &claim_of(old, &generation))?;
        if !self.give_tokens(tokens, old, new.name.as_str(), Some(&claimed)).await? {
            return Err(OperatorError::InstanceExists(new.clone()));
        }
        let actions = self.moving(held, new, &generation).await?;
        let Err(refused) = self.write(actions).await? else { return Ok(true) };
        match (refused.action, &refused.item) {
            (1, _) => Err(OperatorError::InstanceExists(new.clone())),
            (2, Some(claim)) => Err(OperatorError::DeviceTaken {
                device: Item(held.item())
                    .optional_text("device_jid")
                    .unwrap_or_default()
                    .to_owned(),
                by: owner(claim)?,
            }),
            (_, _) => Ok(false),
        }
    }

    /// Claims the new name, and notes with the old one where it goes; `false` when the
    /// lease is lost.
    async fn claim_name(
        &self,
        held: &Held,
        new: &InstanceId,
        new_generation: &Generation,
    ) -> Result<bool, OperatorError> {
        let old = held.instance();
        let key = keys::session(new);
        let mut claim = Attributes::from([
            ("pk".to_owned(), text(key.pk)),
            ("sk".to_owned(), text(key.sk)),
            ("account".to_owned(), text(new.account.as_str())),
            ("instance".to_owned(), text(new.name.as_str())),
            ("session_state".to_owned(), text(DELETING)),
            ("intents".to_owned(), AttributeValue::M(Attributes::new())),
            ("moving_from".to_owned(), text(old.name.as_str())),
        ]);
        new_generation.mark(&mut claim);
        let is_free = Condition::new("attribute_not_exists(pk) OR moving_from = :old")
            .value(":old", text(old.name.as_str()));
        let is_held = Condition::new("lease_owner = :me")
            .value(":me", text(held.owner()))
            .value(":new", text(new.name.as_str()));
        let actions = vec![
            self.change(keys::session(old), "SET moving_to = :new", &is_held)?,
            self.put(claim, Some(&is_free))?,
            self.check(keys::account(&new.account), &Condition::is_open_account())?,
        ];
        match self.write(actions).await? {
            Ok(()) => Ok(true),
            Err(refused) if refused.action == 1 => Err(OperatorError::InstanceExists(new.clone())),
            Err(Refused { action: 2, item: Some(_) }) => {
                Err(OperatorError::AccountClosing(new.account.clone()))
            }
            Err(Refused { action: 2, item: None }) => {
                Err(OperatorError::NoAccount(new.account.clone()))
            }
            Err(_) => Ok(false),
        }
    }

    /// Copies what is of the session's generation; the rest is of no use to anybody.
    async fn copy_rows(
        &self,
        held: &Held,
        new: &InstanceId,
        new_generation: &Generation,
    ) -> Result<usize, OperatorError> {
        let rows = self.rows(held.instance()).await?;
        let mut copies = Vec::new();
        for row in rows.iter().filter(|row| generation(row) == generation(held.item())) {
            let mut copy = row.clone();
            copy.insert("pk".to_owned(), text(keys::instance_partition(new)));
            new_generation.mark(&mut copy);
            if Item(row).text("sk")?.starts_with(keys::LEFT_PREFIX) {
                copy.insert("moved".to_owned(), AttributeValue::Bool(true));
            }
            copies.push(self.put(copy, None)?);
        }
        let total = copies.len();
        let claimed = self.check(keys::session(new), &claim_of(held.instance(), new_generation))?;
        while !copies.is_empty() {
            let most = copies.len().min(MOST_ACTIONS - 2);
            let mut chunk = vec![held.fence()?, claimed.clone()];
            chunk.extend(copies.drain(..most));
            let token = hex::encode(random::<16>()?);
            match self.table.transact(&token, chunk, patience()).await? {
                Ok(()) => {}
                Err(Cancelled::Condition { action: 0, .. }) => {
                    return Err(OperatorError::LeaseExpired(held.instance().clone()));
                }
                Err(Cancelled::Condition { .. }) => {
                    return Err(OperatorError::InstanceExists(new.clone()));
                }
                Err(cancelled) => {
                    return Err(StoreError::Unavailable(format!("{cancelled:?}")).into());
                }
            }
        }
        Ok(total)
    }

    /// The old session's end, the new one, and what differs when it has a device.
    async fn moving(
        &self,
        held: &Held,
        new: &InstanceId,
        generation: &Generation,
    ) -> Result<Vec<TransactWriteItem>, OperatorError> {
        let old = held.instance();
        let mut session = held.item().clone();
        for name in ["lease_owner", "lease_until", "last_owner", "moving_to"] {
            session.remove(name);
        }
        session.insert("pk".to_owned(), text(keys::instance_partition(new)));
        session.insert("instance".to_owned(), text(new.name.as_str()));
        generation.mark(&mut session);
        let mut key_id = None;
        if sealed_value(held.item()).is_some() {
            let current = self.current_key().await?;
            let sealed = self.sealed_anew(held.item(), (old, new), &current, None).await?;
            session.extend(sealed);
            key_id = Some(current);
        }
        let mut actions = vec![
            self.ending(held, Some(&new.name))?,
            self.put(session, Some(&claim_of(old, generation)))?,
        ];
        let device = Item(held.item()).optional_text("device_jid");
        if let Some(device) = device.and_then(|device| device.parse::<DeviceJid>().ok()) {
            let ours = Condition::is_nobodys_or(old);
            actions.push(self.put(device_claim(&device, new), Some(&ours))?);
        }
        if let Some(key_id) = key_id {
            actions.push(self.check_current(&key_id)?);
        }
        Ok(actions)
    }

    /// The instances that no request can name.
    ///
    /// # Errors
    /// The table's.
    pub async fn unreachable_instances(&self) -> Result<Vec<InstanceId>, OperatorError> {
        let sessions = self.all_sessions(None).await?;
        // One that cannot be read at all is no instance's name either.
        let names = sessions.iter().filter_map(|session| owner(session).ok());
        let mut names: Vec<_> = names.filter(|id| !id.name.is_reachable()).collect();
        names.sort();
        Ok(names)
    }
}

/// The name that a session is moving to, if a rename of it was begun.
pub(crate) fn moving_to(session: &Attributes) -> Option<&str> {
    Item(session).optional_text("moving_to")
}

/// The name whose session is to come here, if this is a claim on a name.
pub(crate) fn moving_from(session: &Attributes) -> Option<&str> {
    Item(session).optional_text("moving_from")
}

/// The claim of one rename on its new name.
fn claim_of(old: &InstanceId, generation: &Generation) -> Condition {
    is_of(generation)
        .and("moving_from = :moving_from")
        .value(":moving_from", text(old.name.as_str()))
}
