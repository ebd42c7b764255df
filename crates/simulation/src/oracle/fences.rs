//! Fences and bounds, at each write: who has not the lease writes nothing that is its, an
//! answer that is kept stays, and what is bounded stays within its bound.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Oracle, State, Wrong};
use crate::tame;
use crate::world::{COMMUNITY, INSTANCES};
use crate::written::{Row, Written};

/// What clocks may differ by that are corrected by `DynamoDB`'s, in milliseconds.
const APART: u64 = 10_000;
/// One that ends later was written by a clock that ran away, in milliseconds.
const LONGEST_LEASE: u64 = 50_000;
/// Most leaves without an outcome at a time.
const MOST_OPEN: usize = 100;
/// Longest that a ban is obeyed, in milliseconds.
const LONGEST_BLOCK: u64 = 7 * 24 * 60 * 60 * 1_000 + APART * 20;
/// Longest that throttling is.
const LONGEST_THROTTLE: u64 = 60 * 60 * 1_000 + APART * 20;

/// A leave counts for a day, in milliseconds; clocks that are off decide the rest.
const COUNTS: u64 = (24 * 60 - 10) * 60 * 1_000;

/// Who was seen so lately is not dialled by a check; clocks that are off decide the rest.
const FRESH: u64 = (7 * 24 * 60 + 10) * 60 * 1_000;

/// What belongs to whoever has the lease.
const HELD: [&str; 6] =
    ["blocked_until", "blocked_by", "session_state", "logged_out_by", "lease_owner", "lease_until"];

/// A lease that a machine took.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) owner: String,
    /// When it ends, in milliseconds of the Unix epoch.
    pub(crate) until: u64,
    /// When it was taken, of time that no clock's move changes.
    pub(crate) at: u64,
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// The leaves of a session that count still, by a margin.
fn open(session: &Value, now: u64) -> BTreeMap<&String, &Value> {
    let intents = session["intents"]["M"].as_object().into_iter().flatten();
    intents.filter(|(_, intent)| number(&intent["M"], "at") + COUNTS > now).collect()
}

fn number(item: &Value, name: &str) -> u64 {
    item[name]["N"].as_str().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// What is wrong with what was written of when the device was seen, and of a check.
fn strange_check(written: &Written<'_>) -> Option<&'static str> {
    let Written { machine, before, after, .. } = written;
    let changed = |name: &str| !after[name].is_null() && after[name] != before[name];
    let dialled = !machine.seen().connections.is_empty();
    let is_old = number(before, "seen_at") + FRESH < number(after, "checked_at");
    match text(after, "check_result") {
        _ if changed("seen_at") && !dialled => Some("seen, and nobody had logged in"),
        "connected" if changed("checked_at") && !dialled => Some("connected, and nobody dialled"),
        "fresh" if changed("checked_at") && is_old => Some("fresh, and was not seen for long"),
        _ => None,
    }
}

impl Oracle {
    /// Something was written.
    pub(crate) fn written(&self, written: &Written<'_>) {
        let Written { before, after, instance, .. } = written;
        let begins_deletion = text(before, "session_state") != "deleting"
            && text(after, "session_state") == "deleting";
        let mut state = self.state();
        let wrong = state.judged_write(written);
        if let Some(wrong) = wrong {
            state.wrong.get_or_insert(wrong);
        }
        let (held, holds) = (text(before, "lease_owner"), text(after, "lease_owner"));
        if !held.is_empty() && !holds.is_empty() && held != holds {
            state.taken_over.insert(held.to_owned());
        }
        if !held.is_empty() && holds.is_empty() {
            state.released.insert(*instance, held.to_owned());
        }
        let key = (written.machine.number(), *instance);
        let owner = text(after, "lease_owner");
        if !owner.is_empty() && text(before, "lease_owner") != owner {
            let until = number(after, "lease_until");
            let lease = Lease { owner: owner.to_owned(), until, at: tame::elapsed() };
            state.leases.entry(key).or_default().push(lease);
        } else if let Some(lease) = state.leases.get_mut(&key).and_then(|its| its.last_mut())
            && lease.owner == owner
        {
            lease.until = number(after, "lease_until");
        }
        // From here on nothing counts that was before.
        let is_another = text(before, "generation") != text(after, "generation");
        if is_another {
            state.released.remove(instance);
        }
        drop(state);
        if begins_deletion || (before.is_object() && is_another) {
            self.forgotten(INSTANCES[*instance].2);
        }
    }
}

impl State {
    fn judged_write(&self, written: &Written<'_>) -> Option<Wrong> {
        let Written { machine, instance, before, after, rows } = written;
        let (account, name, _) = INSTANCES[*instance];
        let now = tame::world_now();
        let wrong = |label, what: &str| {
            let what = format!("{account}/{name}, machine {}: {what}", machine.number());
            Some(Wrong { label, what: format!("{what}; before {before}, after {after}") })
        };
        let (held, holds) = (text(before, "lease_owner"), text(after, "lease_owner"));
        let takes = !holds.is_empty() && holds != held;
        let until = number(before, "lease_until");
        // One that ends later than any may was written by a clock that ran away.
        let stands = until > now + APART && until < now + LONGEST_LEASE;
        // A request that is repeated is signed anew, and as old as it was; no clock of Lambda's
        // goes on by minutes within a run.
        if takes && !held.is_empty() && stands && !self.has_jumped {
            return wrong("lease-taken", "a lease that another run holds was taken");
        }
        if takes && self.released.get(instance).is_some_and(|last| last == holds) {
            return wrong("lease-again", "whoever gave the lease back took it again");
        }
        // The number is the same all along.
        let is_another = text(before, "generation") != text(after, "generation");
        let may_be = before.is_null() || text(before, "session_state") == "deleting";
        if is_another && after.is_object() && !may_be {
            return wrong("generation", "the same number got another generation");
        }
        let mine = self.leases.get(&(machine.number(), *instance)).and_then(|its| its.last());
        // A call that is late may be of an earlier run's.
        let is_its = mine.is_some_and(|it| it.owner == held && it.at >= machine.seen().began);
        if let Some(what) = strange_check(written).filter(|_| is_its && !self.has_jumped) {
            return wrong("check", what);
        }
        let (open, open_before) = (open(after, now), open(before, now));
        let gives_back = is_its && holds.is_empty() && machine.seen().connections.is_empty();
        let left = after["intents"]["M"].as_object().into_iter().flatten();
        let mut its = left.filter(|(_, intent)| text(&intent["M"], "by") == held);
        if let Some((group, _)) = its.next().filter(|_| gives_back && !machine.is_operators()) {
            return wrong("intent-left", &format!("{group}: nothing was sent"));
        }
        // What went with its community has an intent of this run, which sent nothing for it.
        let by = |group: &str| open.get(&group.to_owned()).map(|it| text(&it["M"], "by"));
        let parted = rows.iter().find(|row| {
            let group = row.key.strip_prefix("GROUP#").unwrap_or_default();
            let went_along =
                group != COMMUNITY && by(group) == Some(held) && by(COMMUNITY).is_some();
            row.is_deleted
                && row.before["generation"] == after["generation"]
                && by(group).is_some()
                && !went_along
        });
        if let Some(row) = parted.filter(|_| text(after, "session_state") != "deleting") {
            return wrong("evidence-parted", &format!("{} went, and its leave is open", row.key));
        }
        if open.len() > MOST_OPEN && open.len() > open_before.len() {
            return wrong("bound", "more leaves are open than may be");
        }
        let blocked = number(after, "blocked_until");
        let longest = match text(after, "blocked_by") {
            "throttled" => LONGEST_THROTTLE,
            _ => LONGEST_BLOCK,
        };
        if blocked != number(before, "blocked_until") && blocked > now + longest {
            return wrong("bound", "a block is longer than any may be");
        }
        // While nobody has it, and where a name begins anew, there is no lease to have.
        let is_tidied = before.is_null() || text(before, "session_state") == "deleting";
        let is_fenced_off = mine.is_some_and(|mine| mine.owner != held) && !takes && !is_tidied;
        if is_fenced_off {
            // What has ended may be tidied by anybody.
            let changed = HELD.into_iter().find(|name| before[*name] != after[*name]);
            let changed = changed.or((open != open_before).then_some("intents"));
            if let Some(changed) = changed {
                return wrong("fence", &format!("{changed} was written without the lease"));
            }
            // A deletion tidies by generation, whoever has the name by then.
            let is_tidying = |row: &Row| {
                row.is_deleted
                    && machine.is_operators()
                    && row.before["generation"] != before["generation"]
            };
            let row = rows.iter().find(|row| !is_tidying(row));
            if let Some(row) = row {
                return wrong("fence", &format!("{} was written without the lease", row.key));
            }
        }
        let again = rows.iter().find(|row| {
            let stands = text(&row.before, "generation") == text(before, "generation")
                && number(&row.before, "expires_at") * 1_000 > now + APART * 20;
            row.key.starts_with("ANSWER#")
                && row.after.is_object()
                && row.before.is_object()
                && stands
        });
        again.and_then(|row| wrong("kept-twice", &format!("{} was kept already", row.key)))
    }
}
