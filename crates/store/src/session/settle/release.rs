//! The update that releases the lease: what becomes of the session and its intents.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use domain::broken;
use domain::clock::UnixMillis;

use super::super::intents::{self, MOST_TIDIED, Paths, StoredIntent};
use super::super::{Leased, Owner};
use super::{CheckNote, GroupEnd, Said, SessionEnd, Settlement};
use crate::rows::session::{DUE, LOGGED_OUT};
use crate::table::{Action, Attributes, Condition, Update, keys, number, text};

/// What is set, what is removed, and whose intents change.
#[derive(Debug)]
pub(super) struct Release {
    set: Vec<&'static str>,
    removed: Vec<&'static str>,
    values: Attributes,
    /// Intents that go.
    spent: BTreeSet<String>,
    /// Intents whose time counts from another moment now.
    pub(super) moved: BTreeMap<String, UnixMillis>,
}

impl Release {
    /// The update, on condition that the lease is `owner`'s.
    pub(super) fn update(&self, owner: &Owner) -> Update {
        let mut paths = Paths::default();
        let mut values = self.values.clone();
        values.insert(":me".to_owned(), text(owner.0.as_str()));
        let mut set = vec!["last_owner = :me".to_owned()];
        set.extend(self.set.iter().map(|&set| set.to_owned()));
        let mut removed = vec!["lease_owner".to_owned(), "lease_until".to_owned()];
        removed.extend(self.removed.iter().map(|&removed| removed.to_owned()));
        removed.extend(self.spent.iter().map(|jid| paths.of(jid)));
        let fence = broken!(SettlingIsFenced => crate::session::NO_FENCE; "lease_owner = :me");
        let mut condition = fence.to_owned();
        for (index, (jid, at)) in self.moved.iter().enumerate() {
            set.push(format!("{} = :m{index}", paths.at_of(jid)));
            // A path that is not there would be an error of another kind.
            let _ = write!(condition, " AND attribute_exists({})", paths.of(jid));
            values.insert(format!(":m{index}"), number(at.0));
        }
        Update {
            expression: format!("SET {} REMOVE {}", set.join(", "), removed.join(", ")),
            condition,
            names: paths.names,
            values,
        }
    }

    fn set(&mut self, expression: &'static str, values: impl IntoIterator<Item = Value>) {
        self.set.push(expression);
        self.values.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
}

type Value = (&'static str, aws_sdk_dynamodb::types::AttributeValue);

impl Leased {
    /// What was said, and `settlement`, make of the session's item.
    pub(super) fn release(
        &self,
        said: &Said,
        settlement: &Settlement<'_>,
        now: UnixMillis,
    ) -> Release {
        let mut release = Release {
            set: Vec::new(),
            removed: Vec::new(),
            values: HashMap::new(),
            spent: BTreeSet::new(),
            moved: BTreeMap::new(),
        };
        match said.session {
            SessionEnd::Unchanged => {}
            SessionEnd::Online => release.set("seen_at = :now", [(":now", number(now.0))]),
            SessionEnd::LoggedOut(_) if broken!(LogoutIsRecorded) => {}
            SessionEnd::LoggedOut(gone) => {
                release.set(
                    "session_state = :logged_out, logged_out_by = :logged_out_by",
                    [(":logged_out", text(LOGGED_OUT)), (":logged_out_by", text(gone.name()))],
                );
                // It is in no index of sessions to check until it is linked again.
                release.removed.extend(["due", "due_at"]);
            }
            SessionEnd::Blocked { reason, until } => release.set(
                "blocked_until = :blocked_until, blocked_by = :blocked_by",
                [
                    (":blocked_until", number(broken!(BlockIsRemembered => 0; until.0))),
                    (":blocked_by", text(reason.name())),
                ],
            ),
        }
        if let Some(lid) = &said.lid {
            let lid = text(lid.as_str());
            release.set("device_lid = if_not_exists(device_lid, :lid)", [(":lid", lid)]);
        }
        if let Some(CheckNote { result, next }) = settlement.check {
            release.set(
                "checked_at = :checked_at, check_result = :check_result",
                [(":checked_at", number(now.0)), (":check_result", text(result))],
            );
            if !matches!(said.session, SessionEnd::LoggedOut(_)) {
                let due = [(":due", text(DUE)), (":due_at", number(next.0))];
                release.set("due = :due, due_at = :due_at", due);
            }
        }
        self.settle_intents(said, settlement, now, &mut release);
        release
    }

    /// Each intent of a group whose end is known goes; ours goes where this run
    /// changed nothing, and an earlier one gets its time back. Besides, 40 at most
    /// that have ended are tidied, and 40 at most that stay open count from the end
    /// of a block that is remembered: until then nobody can ask.
    fn settle_intents(
        &self,
        said: &Said,
        settlement: &Settlement<'_>,
        now: UnixMillis,
        release: &mut Release,
    ) {
        let standing = self.intents().clone();
        let renewed = self.renewed().clone();
        for end in &settlement.groups {
            let jid = end.jid().as_str();
            let Some(intent) = standing.get(jid) else { continue };
            let is_ours = broken!(OwnIntentIsTakenBack => false; intent.by == self.owner.0);
            broken!(SettlingTakesEveryIntent => if !is_ours { continue });
            match end {
                GroupEnd::Left { .. } | GroupEnd::NotMember(_) | GroupEnd::StillMember(_) => {
                    release.spent.insert(jid.to_owned());
                }
                GroupEnd::NothingDone(_) if is_ours || broken!(EarlierIntentIsNotTaken) => {
                    release.spent.insert(jid.to_owned());
                }
                GroupEnd::NothingDone(_)
                    if renewed.contains(jid) && !broken!(RenewalIsGivenBack) =>
                {
                    release.moved.insert(jid.to_owned(), intent.at);
                }
                GroupEnd::NothingDone(_) | GroupEnd::Open(_) => {}
            }
        }
        let is_open = |jid: &str| {
            settlement
                .groups
                .iter()
                .any(|end| matches!(end, GroupEnd::Open(open) if open.as_str() == jid))
        };
        for (jid, _) in intents::ended(&standing, now) {
            // One that this run has renewed has not ended after all.
            if !renewed.contains(&jid) && !is_open(&jid) {
                release.spent.insert(jid);
            }
        }
        broken!(BlockPostponesIntents => return);
        if let SessionEnd::Blocked { until, .. } = said.session {
            let mut open: Vec<(&String, &StoredIntent)> = standing
                .iter()
                .filter(|(jid, intent)| {
                    !release.spent.contains(*jid)
                        && self.counts(jid, intent, now)
                        && intent.at < until
                })
                .collect();
            // Those of this run first: their callers are the ones that will ask again.
            open.sort_by_key(|(jid, intent)| (!is_open(jid.as_str()), intent.at, *jid));
            for (jid, _) in open.into_iter().take(MOST_TIDIED) {
                release.moved.insert(jid.clone(), until);
            }
        }
    }

    /// An action that changes nothing and fails when the lease is not ours: what
    /// it stands before in a transaction is written under the lease or not at all.
    pub fn fence(&self) -> Action {
        let is_ours = Condition::new("lease_owner = :me").value(":me", text(self.owner.0.as_str()));
        Action::check(keys::session(&self.instance), is_ours).untold()
    }
}
