//! "About to leave J", written before anything is sent, so that a lost outcome
//! does not turn our own leave into a 404.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use domain::broken;
use domain::clock::{Budget, UnixMillis};
use domain::group::{Group, GroupJid};
use domain::problem::Problem;

use super::Leased;
use super::intents::{self, MOST_OPEN, Paths, StoredIntent};
use crate::table::{Item, StoreError, Update, Updated, keys, number, text};

/// Whose intent stands for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This run's: nobody tried before, as far as anybody knows.
    Ours,
    /// An earlier run's, whose outcome was lost.
    Earlier,
}

/// A target with a standing intent, whose 24 hours cover a stanza that is sent now:
/// the only thing that may be left.
///
/// ```compile_fail
/// use store::session::{Intended, Standing};
/// fn forge(group: domain::group::Group) -> Intended {
///     Intended { group, standing: Standing::Ours }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intended {
    group: Group,
    standing: Standing,
}

impl Intended {
    /// The target.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Whose intent stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The same target, of a kind that was only now learned.
    #[must_use]
    pub fn of_kind(self, group: Group) -> Option<Self> {
        (group.jid == self.group.jid).then_some(Self { group, ..self })
    }
}

/// Why no intent stands. Then nothing may be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntendError {
    /// As many intents as may be are open, and this group has none.
    #[error("too many open intents")]
    NoRoom {
        /// Until the first of them counts no more.
        left: Duration,
    },
    /// It was not written, or nobody knows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<&IntendError> for Problem {
    fn from(error: &IntendError) -> Self {
        match error {
            IntendError::NoRoom { left } => Self::TooManyOpen { retry_after: *left },
            IntendError::Store(error) => Self::from(error),
        }
    }
}

impl Leased {
    /// Whose intent stands for `jid`, if one does that still counts.
    pub fn standing(&self, jid: &GroupJid) -> Option<Standing> {
        let intents = self.intents();
        let intent = intents.get(jid.as_str())?;
        if intent.by == self.owner.0 {
            return Some(Standing::Ours);
        }
        self.counts(jid.as_str(), intent, self.clock.now()).then_some(Standing::Earlier)
    }

    /// Whether `jid` has an open intent of an earlier run, or there is room for ours, were
    /// `more` intents for other groups written before. Under the lease nobody else adds any.
    /// Ours may stand already and have no room all the same: the acquire counts what it saw,
    /// and somebody may have been there in between.
    ///
    /// # Errors
    /// [`IntendError::NoRoom`].
    pub fn has_room_beside(&self, more: usize, jid: &GroupJid) -> Result<(), IntendError> {
        if self.standing(jid) == Some(Standing::Earlier) {
            return Ok(());
        }
        let now = self.clock.now();
        let mut others = self.intents().clone();
        others.remove(jid.as_str());
        let most = broken!(OpenIntentsAreBounded => usize::MAX; MOST_OPEN);
        if intents::open(&others, now) + more < most {
            return Ok(());
        }
        let left = intents::until_one_ends(&others, now);
        Err(IntendError::NoRoom { left })
    }

    /// Makes sure that an intent stands for each of `groups`, and that its time
    /// counts from now at the earliest. The usual one came with the acquire and costs
    /// nothing; an invite's, one that replaces an intent older than 24 hours, and an
    /// earlier run's, whose time is renewed, are one fenced write for all of them.
    ///
    /// One that finds no room is an error of its own.
    ///
    /// # Errors
    /// [`StoreError`] when it was not written: then nothing may be sent.
    pub async fn intend(
        &self,
        groups: Vec<Group>,
        budget: Budget,
    ) -> Result<Vec<Result<Intended, IntendError>>, StoreError> {
        let now = self.clock.now();
        let (mut new, mut renewed, mut room) = (Vec::new(), Vec::new(), Vec::new());
        for group in &groups {
            let standing = self.standing(&group.jid);
            broken!(IntentBeforeTheStanza => if standing.is_none() { continue });
            broken!(EarlierIntentIsRenewed => if standing == Some(Standing::Earlier) { continue });
            match standing {
                Some(Standing::Ours) => {}
                Some(Standing::Earlier) if self.renewed().contains(group.jid.as_str()) => {}
                Some(Standing::Earlier) => renewed.push(group.jid.clone()),
                None => match self.has_room_beside(0, &group.jid) {
                    Ok(()) => {
                        // Counted at once, so that the next one sees it; and it may stand
                        // although the write's reply is lost: settling takes it back.
                        let intent = StoredIntent::new(&self.owner.0, now);
                        self.intents().insert(group.jid.to_string(), intent);
                        new.push(group.jid.clone());
                    }
                    Err(error) => room.push((group.jid.clone(), error)),
                },
            }
        }
        self.write_intents(&new, &renewed, now, budget).await?;
        Ok(groups
            .into_iter()
            .map(|group| {
                if let Some((_, error)) = room.iter().find(|(jid, _)| *jid == group.jid) {
                    return Err(error.clone());
                }
                let is_ours = self.standing(&group.jid) == Some(Standing::Ours);
                let standing = if is_ours { Standing::Ours } else { Standing::Earlier };
                Ok(Intended { group, standing })
            })
            .collect())
    }

    async fn write_intents(
        &self,
        new: &[GroupJid],
        renewed: &[GroupJid],
        now: UnixMillis,
        budget: Budget,
    ) -> Result<(), StoreError> {
        if new.is_empty() && renewed.is_empty() {
            return Ok(());
        }
        let mut paths = Paths::default();
        let mut values = HashMap::from([(":me".to_owned(), text(self.owner.0.as_str()))]);
        let mut set = Vec::new();
        let fence = broken!(IntentsAreFenced => super::NO_FENCE; "lease_owner = :me");
        let mut condition = fence.to_owned();
        for jid in new {
            set.push(format!("{} = :intent", paths.of(jid.as_str())));
            values.insert(":intent".to_owned(), StoredIntent::new(&self.owner.0, now).value());
        }
        for jid in renewed {
            set.push(format!("{} = :at", paths.at_of(jid.as_str())));
            // Without it a path that is not there would be an error of another kind.
            let _ = write!(condition, " AND attribute_exists({})", paths.of(jid.as_str()));
            values.insert(":at".to_owned(), number(now.0));
        }
        let update = Update {
            expression: format!("SET {}", set.join(", ")),
            condition,
            names: paths.names,
            values,
        };
        // From here on it may be written, whatever the reply.
        self.renewed().extend(renewed.iter().map(ToString::to_string));
        match self.table.update(&keys::session(&self.instance), update, budget).await? {
            Updated::Applied(item) => {
                let written = intents::read(Item(&item))?;
                let mut known = self.intents();
                for jid in new {
                    if let Some(intent) = written.get(jid.as_str()) {
                        known.insert(jid.to_string(), intent.clone());
                    }
                }
                Ok(())
            }
            Updated::Refused(_) => Err(StoreError::LeaseLost),
        }
    }
}
