//! The expressions of taking a lease, of making room for intents, and of giving back.

use std::collections::HashMap;
use std::fmt::Write;

use domain::block::LONGEST_BLOCK;
use domain::broken;
use domain::clock::UnixMillis;
use domain::group::GroupJid;
use domain::lease::LEASE;

use super::super::Owner;
use super::super::intents::{self, Intents, MOST_OPEN, Paths, StoredIntent};
use super::attempts::{OURS, Try};
use crate::rows::session::LINKED;
use crate::table::{Update, number, text};

/// The JIDs to take the lease for, and how they find room.
#[derive(Debug)]
pub(super) struct Wanted {
    jids: Vec<GroupJid>,
    room: Room,
    without: Vec<GroupJid>,
}

#[derive(Debug)]
enum Room {
    /// Whatever intents there are, all of ours fit.
    ForAll,
    /// As an earlier look showed: those of `known` have an intent still, and there
    /// are no more than `seen`.
    AsSeen { known: Vec<GroupJid>, seen: usize },
}

impl Wanted {
    /// The usual: there is room for all of them.
    pub(super) fn usual(jids: &[GroupJid]) -> Self {
        Self { jids: jids.to_vec(), room: Room::ForAll, without: Vec::new() }
    }

    /// Beside `standing`: those that have an open intent, and as many others as may be.
    /// What has ended by `now` takes no room.
    pub(super) fn fitting(jids: &[GroupJid], standing: &Intents, now: UnixMillis) -> Self {
        if !lack_room(jids, standing) {
            return Self::usual(jids);
        }
        let is_open = |jid: &GroupJid| {
            standing.get(jid.as_str()).is_some_and(|intent| !intent.has_ended(now))
        };
        let (known, new): (Vec<_>, Vec<_>) = jids.iter().cloned().partition(is_open);
        let room = MOST_OPEN.saturating_sub(intents::open(standing, now)).min(new.len());
        let (fitting, without) = new.split_at(room);
        let jids = known.iter().chain(fitting).cloned().collect();
        let seen = standing.len();
        Self { jids, room: Room::AsSeen { known, seen }, without: without.to_vec() }
    }

    /// Whether there is room for none of them.
    pub(super) fn is_refused(&self) -> bool {
        self.jids.is_empty() && !self.without.is_empty()
    }
}

/// Whether intents for all of `jids` would be too many beside `standing`, as the usual
/// condition counts them.
pub(super) fn lack_room(jids: &[GroupJid], standing: &Intents) -> bool {
    !jids.is_empty() && standing.len() + jids.len() > MOST_OPEN
}

/// One attempt to take a lease.
pub(super) struct Take<'a> {
    pub(super) attempt: &'a Try<'a>,
    pub(super) wanted: &'a Wanted,
}

/// A lease further ahead than this was written by a clock that ran away, and does
/// not last: two of the longest.
pub(super) fn absurd(now: UnixMillis) -> UnixMillis {
    now.plus(LEASE.absurd())
}

/// A block that lasts longer than this was written by a clock that ran away, or before
/// there was a bound, and does not last: the longest, and what clocks may differ.
pub(super) fn absurd_block(now: UnixMillis) -> UnixMillis {
    now.plus(LONGEST_BLOCK + LEASE.skew)
}

impl Take<'_> {
    /// The update that takes a free lease, re-enters our own, and nobody else's.
    pub(super) fn update(&self) -> Update {
        let Self { attempt: Try { owner, now, until, taken }, wanted } = self;
        let mut expression = "SET lease_owner = :me, lease_until = :until".to_owned();
        let mut condition = format!(
            "attribute_exists(pk) AND session_state = :linked \
            AND (attribute_not_exists(blocked_until) OR blocked_until <= :now \
                 OR blocked_until > :absurd_block) \
            AND (attribute_not_exists(last_owner) OR last_owner <> :me) \
            AND (attribute_not_exists(lease_until) OR lease_until < :now \
                 OR lease_until > :absurd OR {OURS})"
        );
        broken!(LateAcquireIsRefused =>
            condition = condition.replace("last_owner <> :me", "attribute_exists(pk)"));
        let mut values = HashMap::from([
            (":me".to_owned(), text(owner.0.as_str())),
            (":until".to_owned(), number(until.0)),
            (":taken".to_owned(), number(taken.0)),
            (":now".to_owned(), number(now.0)),
            (":absurd".to_owned(), number(broken!(LeaseIsExclusive => 0; absurd(*now).0))),
            (":absurd_block".to_owned(), number(absurd_block(*now).0)),
            (":linked".to_owned(), text(LINKED)),
        ]);
        let mut paths = Paths::default();
        for jid in &wanted.jids {
            broken!(IntentBeforeTheStanza => continue);
            let path = paths.of(jid.as_str());
            let _ = broken!(EarlierIntentStays => write!(expression, ", {path} = :intent");
                write!(expression, ", {path} = if_not_exists({path}, :intent)"));
            values.insert(":intent".to_owned(), StoredIntent::new(&owner.0, *now).value());
        }
        // A repetition of our own update finds our intents counted already.
        match &wanted.room {
            Room::ForAll if wanted.jids.is_empty() => {}
            Room::ForAll => {
                let _ = write!(condition, " AND (size(intents) <= :room OR {OURS})");
                let most = broken!(OpenIntentsAreBounded => usize::MAX; MOST_OPEN);
                let room = most.saturating_sub(wanted.jids.len());
                values.insert(":room".to_owned(), number(room as u64));
            }
            Room::AsSeen { known, seen } => {
                let _ = write!(condition, " AND ({OURS} OR (size(intents) <= :seen");
                values.insert(":seen".to_owned(), number(*seen as u64));
                for jid in known {
                    let _ = write!(condition, " AND attribute_exists({})", paths.of(jid.as_str()));
                }
                condition.push_str("))");
            }
        }
        Update { expression, condition, names: paths.names, values }
    }
}

/// Removes ended intents, each on condition of the time that was read: whoever
/// renewed one meanwhile keeps it.
pub(super) fn tidy(ended: &[(String, StoredIntent)]) -> Update {
    let mut paths = Paths::default();
    let mut values = HashMap::new();
    let (mut removed, mut conditions) = (Vec::new(), Vec::new());
    for (index, (jid, intent)) in ended.iter().enumerate() {
        removed.push(paths.of(jid));
        conditions.push(format!("{} = :at{index}", paths.at_of(jid)));
        values.insert(format!(":at{index}"), number(intent.at.0));
    }
    Update {
        expression: format!("REMOVE {}", removed.join(", ")),
        condition: conditions.join(" AND "),
        names: paths.names,
        values,
    }
}

/// Releases `owner`'s lease and takes back its intents, in one write.
pub(super) fn give_back(owner: &Owner, jids: impl Iterator<Item = String>) -> Update {
    let mut paths = Paths::default();
    let mut removed = vec!["lease_owner".to_owned(), "lease_until".to_owned()];
    removed.extend(jids.map(|jid| paths.of(&jid)));
    Update {
        expression: format!("SET last_owner = :me REMOVE {}", removed.join(", ")),
        condition: "lease_owner = :me".to_owned(),
        names: paths.names,
        values: HashMap::from([(":me".to_owned(), text(owner.0.as_str()))]),
    }
}
