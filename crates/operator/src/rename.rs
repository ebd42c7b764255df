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

use domain::tenant::{InstanceId, InstanceName};
use store::rows::session::{self, Session};
use store::rows::{account, data_key, device};
use store::session::{Generation, Held};
use store::table::{Action, MOST_ACTIONS, Refused};

use crate::{Operator, OperatorError, PATIENCE, patience};

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
        self.table.delete_ended(old, &ended.generation()).await?;
        Ok(renamed)
    }

    /// Makes the session under the new name, unless that is done. Returns the old one.
    async fn begin(
        &self,
        old: &InstanceId,
        new: &InstanceId,
        renamed: &mut Renamed,
    ) -> Result<Session, OperatorError> {
        for _ in 0..ATTEMPTS {
            let session = self.session(old).await?;
            if session.is_deleting() {
                return if session.moved_to() == Some(new.name.as_str()) {
                    Ok(session)
                } else {
                    Err(OperatorError::Deleting(old.clone()))
                };
            }
            if let Some(to) = session.moving_to()?.filter(|to| *to != new.name) {
                let (instance, to) = (old.clone(), to.to_string());
                return Err(OperatorError::Moving { instance, to });
            }
            let there = self.table.session(new, patience()).await?;
            if there.is_some_and(|there| there.moving_from() != Some(old.name.as_str())) {
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
        if held.session().is_deleting() {
            return Ok(false);
        }
        let generation = Generation::new()?;
        if !self.claim_name(held, new, &generation).await? {
            return Ok(false);
        }
        renamed.rows = self.copy_rows(held, new, &generation).await?;
        let tokens = self.table.own_tokens_of(old).await?;
        renamed.tokens += tokens.len();
        let claimed = session::is_claimed(&old.name, new, &generation);
        if !self.give_tokens(&tokens, old, new.name.as_str(), Some(&claimed)).await? {
            return Err(OperatorError::InstanceExists(new.clone()));
        }
        let actions = self.moving(held, new, &generation).await?;
        let Err(refused) = self.table.write(actions, PATIENCE).await? else { return Ok(true) };
        match (refused.action, &refused.found) {
            (1, _) => Err(OperatorError::InstanceExists(new.clone())),
            (2, Some(claim)) => Err(OperatorError::DeviceTaken {
                device: held.session().device_text().unwrap_or_default().to_owned(),
                by: claim.owner()?,
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
        let actions = vec![
            session::note_move(held, &new.name),
            session::claim_name(&old.name, new, new_generation),
            account::is_open(&new.account),
        ];
        match self.table.write(actions, PATIENCE).await? {
            Ok(()) => Ok(true),
            Err(refused) if refused.action == 1 => Err(OperatorError::InstanceExists(new.clone())),
            Err(Refused { action: 2, found: Some(_) }) => {
                Err(OperatorError::AccountClosing(new.account.clone()))
            }
            Err(Refused { action: 2, found: None }) => {
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
        let mut rows = self.table.owned_by(held.instance(), patience()).await?;
        rows.retain(|row| row.generation() == held.session().generation());
        let copies = rows.iter().map(|row| row.copy_to(new, new_generation));
        let mut copies = copies.collect::<Result<Vec<_>, _>>()?;
        let total = copies.len();
        let claimed = session::is_claimed(&held.instance().name, new, new_generation);
        while !copies.is_empty() {
            let most = copies.len().min(MOST_ACTIONS - 2);
            let mut chunk = vec![held.fence(), claimed.clone()];
            chunk.extend(copies.drain(..most));
            match self.table.write_once(chunk, patience()).await? {
                Ok(()) => {}
                Err(Refused { action: 0, .. }) => {
                    return Err(OperatorError::LeaseExpired(held.instance().clone()));
                }
                Err(_) => return Err(OperatorError::InstanceExists(new.clone())),
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
    ) -> Result<Vec<Action>, OperatorError> {
        let old = held.instance();
        let (mut sealed, mut key_id) = (None, None);
        if held.session().sealed().is_some() {
            let current = self.current_key().await?;
            sealed = Some(self.sealed_anew(held.session(), (old, new), &current, None).await?);
            key_id = Some(current);
        }
        let mut actions = vec![
            session::end(held, Some(&new.name)),
            session::arrive(held, new, generation, sealed),
        ];
        if let Some(device) = held.session().device() {
            actions.push(device::hand_over(&device, old, new));
        }
        actions.extend(key_id.as_deref().map(data_key::is_current));
        Ok(actions)
    }

    /// The instances that no request can name.
    ///
    /// # Errors
    /// The table's.
    pub async fn unreachable_instances(&self) -> Result<Vec<InstanceId>, OperatorError> {
        let sessions = self.table.all_sessions(None).await?;
        // One that cannot be read at all is no instance's name either.
        let names = sessions.iter().filter_map(|session| session.id().ok());
        let mut names: Vec<_> = names.filter(|id| !id.name.is_reachable()).collect();
        names.sort();
        Ok(names)
    }
}
