//! Another name for an instance: everything of it moves.
//!
//! Under its lease rows, history and kept answers are copied, then its tokens change
//! their instance, and then one transaction makes the session under the new name and ends
//! the old one. Until then the old name is the one that works, and what was copied is of a
//! generation that no session has, so it means nothing. From then on the old name is that
//! of an instance that is being deleted. Cut short anywhere, it is asked for again.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use leave_group::credentials::DeviceJid;
use leave_group::session::{DELETING, Generation, Held, device_claim};
use leave_group::table::{Attributes, Cancelled, Item, StoreError, keys, text};
use leave_group::tenant::{InstanceId, InstanceName};

use crate::device::sealed_value;
use crate::instances::is_deleting;
use crate::writes::{self, Condition, MOST_ACTIONS, generation, is_of, owner, random};
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
            if self.table.get(&keys::session(new), patience()).await?.is_some() {
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
        renamed.rows = self.copy_rows(held, new, &generation).await?;
        let tokens = self.own_tokens(old).await?;
        renamed.tokens += tokens.len();
        let tokens = tokens.iter().map(writes::key).collect::<Result<Vec<_>, _>>()?;
        self.give_tokens(tokens, old, new.name.as_str()).await?;
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
        while !copies.is_empty() {
            let most = copies.len().min(MOST_ACTIONS - 1);
            let mut chunk = vec![held.fence()?];
            chunk.extend(copies.drain(..most));
            let token = hex::encode(random::<16>()?);
            match self.table.transact(&token, chunk, patience()).await? {
                Ok(()) => {}
                Err(Cancelled::Condition { .. }) => {
                    return Err(OperatorError::LeaseExpired(held.instance().clone()));
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
        for name in ["lease_owner", "lease_until", "last_owner"] {
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
            self.put(session, Some(&Condition::is_new()))?,
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
