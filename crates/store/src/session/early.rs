//! Rows as they were before the lease was taken: what rule 2 forbids, for a simulation that
//! breaks it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::group::GroupJid;
use domain::tenant::InstanceId;

use super::Sessions;
use crate::table::{Attributes, keys};

thread_local! {
    static EARLY: RefCell<BTreeMap<(String, String), Option<Attributes>>> =
        const { RefCell::new(BTreeMap::new()) };
}

impl Sessions {
    /// Reads the rows of `jids` before anybody has the lease.
    pub(super) async fn read_early(
        &self,
        instance: &InstanceId,
        jids: &[GroupJid],
        budget: Budget,
    ) {
        for jid in jids {
            let key = keys::group(instance, jid);
            if let Ok(item) = self.table.get(&key, budget).await {
                EARLY.with_borrow_mut(|early| early.insert((key.pk, key.sk), item));
            }
        }
    }
}

/// The row as it was then, and as it is `now` where it was not read.
pub(super) fn row(
    instance: &InstanceId,
    jid: &GroupJid,
    now: Option<Attributes>,
) -> Option<Attributes> {
    let key = keys::group(instance, jid);
    EARLY.with_borrow(|early| early.get(&(key.pk, key.sk)).cloned()).unwrap_or(now)
}
