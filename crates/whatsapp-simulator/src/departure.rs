//! Who left which group on which connection, for those who need to know at that moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::world::World;

/// A group that an account left by its own request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The connection that the request came on, counted from 1.
    pub connection: u64,
    /// The account's phone number.
    pub phone: String,
    /// The group's JID.
    pub group: String,
}

/// Hears of departures as they happen.
pub(crate) type Watcher = Arc<dyn Fn(Departure) + Send + Sync>;

impl World {
    /// The groups that an account is in.
    pub(crate) fn groups_of(&self, phone: &str) -> BTreeSet<String> {
        let is_in = self.groups.iter().filter(|(_, group)| group.members.contains_key(phone));
        is_in.map(|(jid, _)| jid.clone()).collect()
    }
}
