//! Every item that a settlement writes beside the session: rows, history, and the
//! answer to keep.

use std::collections::BTreeSet;

use domain::broken;
use domain::clock::UnixMillis;
use domain::group::{Group, GroupJid};

use super::super::intents::StoredIntent;
use super::super::{Leased, idempotency};
use super::{GroupEnd, Settlement};
use crate::rows::group;
use crate::rows::left::NewLeft;
use crate::table::{Action, keys};

/// What a settlement writes beside the session.
pub(super) struct Rows {
    /// Rows of groups that went with a community.
    pub(super) linked: Vec<Action>,
    /// The targets' own rows, the history, the kept answer. At most 40 targets
    /// share a run, so these fit one transaction.
    pub(super) own: Vec<Write>,
}

/// One action, and whether the settling goes on without it when its condition fails.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) action: Action,
    pub(super) may_be_dropped: bool,
}

impl Write {
    fn always(action: Action) -> Self {
        Self { action, may_be_dropped: false }
    }

    fn unless_refused(action: Action) -> Self {
        Self { action, may_be_dropped: true }
    }
}

impl Leased {
    /// The items that `settlement` writes.
    pub(super) fn rows_of(&self, settlement: &Settlement<'_>, now: UnixMillis) -> Rows {
        let mut rows = Rows { linked: Vec::new(), own: Vec::new() };
        for end in &settlement.groups {
            match end {
                GroupEnd::Left { group, confirmed, .. } => {
                    rows.own.push(Write::always(self.delete_row(&group.jid)));
                    rows.own.push(self.history(group, *confirmed, settlement, now));
                }
                GroupEnd::NotMember(_) if broken!(SettlingTakesTheRow) => {}
                GroupEnd::NotMember(jid) => rows.own.push(Write::always(self.delete_row(jid))),
                GroupEnd::StillMember(group) if goes_along(group, settlement) => {
                    rows.own.push(Write::always(self.delete_row(&group.jid)));
                }
                GroupEnd::StillMember(group) => {
                    let row = group::put(&self.instance, group, None, &self.generation);
                    rows.own.push(Write::always(row));
                }
                GroupEnd::NothingDone(_) | GroupEnd::Open(_) => {}
            }
        }
        for jid in self.gone_along(settlement, now) {
            rows.linked.push(self.delete_row(&jid));
        }
        if let Some(keep) = &settlement.keep {
            let item = idempotency::item(
                &self.instance,
                &self.generation,
                keep.key,
                keep.identifier,
                &keep.answer,
                now,
            );
            let absent = idempotency::is_absent(&self.generation, now);
            rows.own.push(Write::unless_refused(Action::put_if(item, absent).untold()));
        }
        rows
    }

    /// A confirmed leave is this run's own, whoever wrote the intent; a recovered one
    /// is the leave that the intent was written for, and may be written already.
    fn history(
        &self,
        group: &Group,
        confirmed: bool,
        settlement: &Settlement<'_>,
        now: UnixMillis,
    ) -> Write {
        let ours = StoredIntent::new(&self.owner.0, self.began);
        let intent = match self.intents().get(group.jid.as_str()) {
            Some(intent) if !confirmed => intent.clone(),
            _ => ours,
        };
        let row = NewLeft {
            group,
            began: intent.began,
            by: &intent.by,
            at: now,
            request_id: settlement.request_id,
            confirmed,
        };
        let item = row.item(&self.instance, &self.generation);
        if confirmed {
            return Write::always(Action::put(item));
        }
        let absent = self.generation.is_absent();
        Write::unless_refused(Action::put_if(item, absent).untold())
    }

    /// The groups that went with a community and have no other end in this
    /// settlement. One with an open intent is left alone: its row is the evidence by
    /// which that leave's own outcome is told.
    fn gone_along(&self, settlement: &Settlement<'_>, now: UnixMillis) -> BTreeSet<GroupJid> {
        let intents = self.intents().clone();
        let own_end = |jid: &GroupJid| settlement.groups.iter().find(|end| end.jid() == jid);
        let linked = settlement.groups.iter().filter_map(|end| match end {
            GroupEnd::Left { linked, .. } => Some(linked),
            GroupEnd::NotMember(_)
            | GroupEnd::StillMember(_)
            | GroupEnd::NothingDone(_)
            | GroupEnd::Open(_) => None,
        });
        linked
            .flatten()
            .filter(|jid| {
                let open = intents
                    .get(jid.as_str())
                    .filter(|intent| self.counts(jid.as_str(), intent, now));
                match (own_end(jid), open) {
                    (None, open) => open.is_none() || broken!(CommunitySparesOpenLeaves),
                    // Our own intent is taken back, so that nothing stays open.
                    (Some(GroupEnd::NothingDone(_)), open) => {
                        open.is_none_or(|intent| intent.by == self.owner.0)
                    }
                    (Some(_), _) => false,
                }
            })
            .cloned()
            .collect()
    }

    fn delete_row(&self, jid: &GroupJid) -> Action {
        Action::delete(keys::group(&self.instance, jid))
    }
}

/// Whether a group that we were in when it was asked for went with its community in
/// the same run: an announcement group, say, which cannot be left alone.
fn goes_along(group: &Group, settlement: &Settlement<'_>) -> bool {
    let left = settlement.groups.iter().filter_map(|end| match end {
        GroupEnd::Left { group, .. } => Some(&group.jid),
        GroupEnd::NotMember(_)
        | GroupEnd::StillMember(_)
        | GroupEnd::NothingDone(_)
        | GroupEnd::Open(_) => None,
    });
    left.into_iter().any(|community| group.kind.parent() == Some(community))
}
