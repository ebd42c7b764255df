//! The intents of a session's item: which leaves have no known outcome.
//!
//! A map from JID to who wrote it (`by`), when that was (`began`), and from when its
//! 24 hours count (`at`). They are bounded: [`MOST_OPEN`] in a session.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::broken;
use domain::clock::UnixMillis;
use domain::lease::LEASE;

use crate::table::{Corrupt, Item, number, text};

/// Most intents that may count for another to be added. Each has some 100 bytes, and
/// every write of the session pays its whole item.
pub(super) const MOST_OPEN: usize = 100;
/// Most intents that one write removes or moves beside its own: an expression has
/// at most 4 KB.
pub(super) const MOST_TIDIED: usize = 40;

/// An intent as it stands in the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredIntent {
    /// The owner that wrote it.
    pub(super) by: String,
    /// When it was written.
    pub(super) began: UnixMillis,
    /// From when its time counts.
    pub(super) at: UnixMillis,
}

impl StoredIntent {
    /// A new one.
    pub(super) fn new(by: &str, now: UnixMillis) -> Self {
        Self { by: by.to_owned(), began: now, at: now }
    }

    /// Its value in the map.
    pub(super) fn value(&self) -> AttributeValue {
        AttributeValue::M(HashMap::from([
            ("by".to_owned(), text(self.by.as_str())),
            ("began".to_owned(), number(self.began.0)),
            ("at".to_owned(), number(self.at.0)),
        ]))
    }

    /// Whether it counts no more at `now`.
    pub(super) fn has_ended(&self, now: UnixMillis) -> bool {
        broken!(IntentEnds => return false);
        broken!(IntentLastsADay => return self.at.plus(LEASE.intent / 2) <= now);
        self.at.plus(LEASE.intent) <= now
    }

    fn read(entry: Item<'_>) -> Result<Self, Corrupt> {
        let at = UnixMillis(entry.number("at")?);
        Ok(Self {
            by: entry.text("by")?.to_owned(),
            began: entry.optional_number("began").map_or(at, UnixMillis),
            at,
        })
    }
}

/// Intents by their JID.
pub(super) type Intents = HashMap<String, StoredIntent>;

/// The intents of a session's item.
pub(super) fn read(item: Item<'_>) -> Result<Intents, Corrupt> {
    item.map("intents")?
        .iter()
        .map(|(jid, value)| {
            let entry = Item(value.as_m().map_err(|_| Corrupt("intents"))?);
            Ok((jid.clone(), StoredIntent::read(entry)?))
        })
        .collect()
}

/// Those that have ended, the oldest first, at most [`MOST_TIDIED`].
pub(super) fn ended(intents: &Intents, now: UnixMillis) -> Vec<(String, StoredIntent)> {
    let mut ended: Vec<_> = intents
        .iter()
        .filter(|(_, intent)| intent.has_ended(now))
        .map(|(jid, intent)| (jid.clone(), intent.clone()))
        .collect();
    ended.sort_by(|(one, first), (other, second)| (first.at, one).cmp(&(second.at, other)));
    ended.truncate(broken!(TidyingIsBounded => usize::MAX; MOST_TIDIED));
    ended
}

/// How many count still.
pub(super) fn open(intents: &Intents, now: UnixMillis) -> usize {
    intents.values().filter(|intent| !intent.has_ended(now)).count()
}

/// Until the first of those that count still counts no more.
pub(super) fn until_one_ends(intents: &Intents, now: UnixMillis) -> Duration {
    let open = intents.values().filter(|intent| !intent.has_ended(now));
    open.map(|intent| intent.at.plus(LEASE.intent).since(now)).min().unwrap_or_default()
}

/// Paths into the map, with the placeholders that stand for the JIDs: `intents.#i0`
/// and so on. A JID has characters that a path cannot have.
#[derive(Debug, Default)]
pub(super) struct Paths {
    pub(super) names: HashMap<String, String>,
}

impl Paths {
    /// The path of `jid`'s intent, and its placeholder.
    pub(super) fn of(&mut self, jid: &str) -> String {
        let known = self.names.iter().find(|(_, name)| *name == jid);
        if let Some((placeholder, _)) = known {
            return format!("intents.{placeholder}");
        }
        let placeholder = format!("#i{}", self.names.len());
        self.names.insert(placeholder.clone(), jid.to_owned());
        format!("intents.{placeholder}")
    }

    /// The path of the `at` of `jid`'s intent. DynamoDB reserves the word.
    pub(super) fn at_of(&mut self, jid: &str) -> String {
        self.names.insert(AT.to_owned(), "at".to_owned());
        format!("{}.{AT}", self.of(jid))
    }
}

const AT: &str = "#at";
