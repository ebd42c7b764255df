//! How an instance stands in the table, read past the code that ships.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tame;
use crate::world::{INSTANCES, World};

/// A lost outcome counts for a day; clocks that are off decide the rest, in milliseconds.
const A_DAY_BUT_A_MARGIN: u64 = (24 * 60 - 10) * 60 * 1_000;

const A_DAY_AND_A_MARGIN: u64 = (24 * 60 + 10) * 60 * 1_000;

/// One instance's session and roster, at one moment.
pub(crate) struct Stand {
    session: Value,
    /// Groups of which a roster row of the session's generation is there.
    pub(crate) rows: BTreeSet<String>,
}

impl Stand {
    pub(crate) fn of(world: &World, instance: usize) -> Self {
        let pk = partition(instance);
        let session = world.dynamo.item(&pk, "SESSION").unwrap_or_default();
        Self::with(session, || world.dynamo.rows(&pk))
    }

    /// The same, with its roster only where a leave is open.
    pub(crate) fn of_open(world: &World, instance: usize) -> Self {
        let pk = partition(instance);
        let session = world.dynamo.item(&pk, "SESSION").unwrap_or_default();
        let is_open =
            session["intents"]["M"].as_object().is_some_and(|intents| !intents.is_empty());
        Self::with(session, || if is_open { world.dynamo.rows(&pk) } else { Vec::new() })
    }

    fn with(session: Value, rows: impl FnOnce() -> Vec<Value>) -> Self {
        let rows = rows().into_iter();
        let its = rows.filter(|row| row["generation"] == session["generation"]);
        let rows =
            its.filter_map(|row| Some(row["sk"]["S"].as_str()?.strip_prefix("GROUP#")?.to_owned()));
        let rows = rows.collect();
        Self { session, rows }
    }

    fn text(&self, name: &str) -> &str {
        self.session[name]["S"].as_str().unwrap_or_default()
    }

    fn number(&self, name: &str) -> u64 {
        let number = self.session[name]["N"].as_str();
        number.and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// Whether there is a session that nobody deletes.
    pub(crate) fn exists(&self) -> bool {
        self.session.is_object() && !self.is_deleting()
    }

    /// Whether there is a session at all.
    pub(crate) fn is_known(&self) -> bool {
        self.session.is_object()
    }

    /// Whether it is in the index of sessions that are to be checked.
    pub(crate) fn is_due(&self) -> bool {
        !self.text("due").is_empty() && self.number("due_at") > 0
    }

    /// Until when WhatsApp is to be left alone, and until when somebody has the lease, in
    /// milliseconds of the Unix epoch.
    pub(crate) fn until(&self) -> (u64, u64) {
        (self.number("blocked_until"), self.number("lease_until"))
    }

    /// Whether somebody deletes it.
    pub(crate) fn is_deleting(&self) -> bool {
        self.text("session_state") == "deleting"
    }

    /// The device that it is linked with.
    pub(crate) fn linked(&self) -> Option<&str> {
        (self.text("session_state") == "linked").then(|| self.text("device_jid"))
    }

    /// As situations are counted.
    pub(crate) fn name(&self) -> &'static str {
        let now = tame::world_now();
        if self.linked().is_none() {
            "logged out"
        } else if self.number("blocked_until") > now {
            "blocked"
        } else if !self.text("lease_owner").is_empty() && self.number("lease_until") > now {
            "leased"
        } else if self.intents().next().is_some() {
            "intent"
        } else if self.rows.is_empty() {
            "clean"
        } else {
            "row"
        }
    }

    /// The same without regard to age, but for those that ended long ago.
    pub(crate) fn maybe_evidence(&self) -> BTreeSet<String> {
        let young = |at: u64| tame::world_now() < at + A_DAY_AND_A_MARGIN;
        let open = self.intents().filter(|(group, at)| young(*at) && self.rows.contains(*group));
        open.map(|(group, _)| group.clone()).collect()
    }

    /// Whether the leave of a group has no outcome.
    pub(crate) fn is_open(&self, group: &str) -> bool {
        self.intents().any(|(open, _)| open == group)
    }

    /// Leaves without an outcome that the run with this lease wrote down.
    pub(crate) fn open_by(&self, owner: &str) -> impl Iterator<Item = &String> {
        let intents = self.session["intents"]["M"].as_object().into_iter().flatten();
        let its = intents.filter(move |(_, intent)| intent["M"]["by"]["S"].as_str() == Some(owner));
        its.map(|(group, _)| group)
    }

    /// Who has the lease, if anybody.
    pub(crate) fn has_lease(&self) -> bool {
        !self.text("lease_owner").is_empty()
    }

    /// How many leaves have no outcome, whatever their age.
    pub(crate) fn open(&self) -> usize {
        self.intents().count()
    }

    /// Leaves that have no outcome, with the time from which they count.
    fn intents(&self) -> impl Iterator<Item = (&String, u64)> {
        let intents = self.session["intents"]["M"].as_object().into_iter().flatten();
        intents.filter_map(|(group, intent)| {
            Some((group, intent["M"]["at"]["N"].as_str()?.parse().ok()?))
        })
    }

    /// The groups of which an earlier leave without an outcome, younger than a day by a margin,
    /// and a roster row stand in the table; with the time of the leave.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = (String, u64)> {
        let open = self.intents().filter(|(group, at)| is_young(*at) && self.rows.contains(*group));
        open.map(|(group, at)| (group.clone(), at))
    }
}

/// Where everything of an instance is.
pub(crate) fn partition(instance: usize) -> String {
    let (account, name, _) = INSTANCES[instance];
    format!("INSTANCE#{account}#{name}")
}

/// Whether a leave at that time counts still, on the world's clock.
pub(crate) fn is_young(at: u64) -> bool {
    tame::world_now() < at + A_DAY_BUT_A_MARGIN
}
