//! What an operator is shown of a session's intents: leaves whose outcome is not known.

use domain::clock::UnixMillis;
use domain::group::GroupJid;

use super::intents;
use crate::rows::session::Session;
use crate::table::{Corrupt, Item};

/// A leave that was begun and whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The group.
    pub jid: GroupJid,
    /// From when its time counts.
    pub at: UnixMillis,
    /// Whether the run that began it has the lease still.
    pub is_under_way: bool,
    /// Whether it counts no more.
    pub has_ended: bool,
}

impl Session {
    /// The leaves whose outcome is not known at `now`, in no order.
    ///
    /// # Errors
    /// [`Corrupt`] when they cannot be read.
    pub fn unresolved(&self, now: UnixMillis) -> Result<Vec<Unresolved>, Corrupt> {
        let holder = self.holder(now);
        intents::read(Item(&self.0))?
            .into_iter()
            .map(|(jid, intent)| {
                Ok(Unresolved {
                    jid: jid.parse().map_err(|_| Corrupt("jid"))?,
                    at: intent.at,
                    is_under_way: holder == Some(intent.by.as_str()),
                    has_ended: intent.has_ended(now),
                })
            })
            .collect()
    }

    /// How many leaves have no known outcome, those that cannot be read among them.
    ///
    /// # Errors
    /// [`Corrupt`] when there is no list of them.
    pub fn intents(&self) -> Result<usize, Corrupt> {
        Ok(Item(&self.0).map("intents")?.len())
    }
}
