//! "About to leave J", written before anything is sent, so that a lost outcome
//! does not turn our own leave into a 404.

use std::collections::HashMap;

use super::item::{intent, intents};
use super::{Leased, StoredIntent};
use crate::clock::Budget;
use crate::group::{Group, GroupJid};
use crate::table::{Item, StoreError, Update, Updated, keys, text};

/// Whose intent stands for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This run's: nobody tried before, as far as anybody knows.
    Ours,
    /// An earlier run's, whose outcome was lost.
    Earlier,
}

/// A target with a standing intent: the only thing that may be left.
///
/// ```compile_fail
/// use leave_group::session::{Intended, Standing};
/// fn forge(group: leave_group::group::Group) -> Intended {
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

impl Leased {
    /// Whose intent stands for `jid`, if one does that still counts.
    pub fn standing(&self, jid: &GroupJid) -> Option<Standing> {
        let intents = self.intents();
        let intent = intents.get(jid.as_str())?;
        if intent.by == self.owner.0 {
            Some(Standing::Ours)
        } else {
            (!self.is_old(intent)).then_some(Standing::Earlier)
        }
    }

    /// Makes sure that an intent stands for `group`. The usual one came with
    /// the acquire and costs nothing; an invite's, and one that replaces an
    /// intent older than 24 hours, is a fenced write.
    ///
    /// # Errors
    /// [`StoreError`] when it was not written: then nothing may be sent.
    pub async fn intend(&self, group: Group, budget: Budget) -> Result<Intended, StoreError> {
        if let Some(standing) = self.standing(&group.jid) {
            return Ok(Intended { group, standing });
        }
        let now = self.clock.now();
        let update = Update {
            expression: "SET intents.#jid = :intent".to_owned(),
            condition: "lease_owner = :me".to_owned(),
            names: HashMap::from([("#jid".to_owned(), group.jid.to_string())]),
            values: HashMap::from([
                (":intent".to_owned(), intent(&self.owner.0, now)),
                (":me".to_owned(), text(self.owner.0.as_str())),
            ]),
        };
        match self.table.update(&keys::session(&self.instance), update, budget).await {
            Ok(Updated::Applied(item)) => *self.intents() = intents(Item(&item))?,
            Ok(Updated::Refused(_)) => {
                return Err(StoreError::Unavailable("the lease was taken over".to_owned()));
            }
            Err(error) => {
                // It may stand all the same; settling has to take it back.
                let ours = StoredIntent { by: self.owner.0.clone(), at: now };
                self.intents().insert(group.jid.to_string(), ours);
                return Err(error);
            }
        }
        Ok(Intended { group, standing: Standing::Ours })
    }
}
