//! Which situations were reached: what was asked, what befell it, and how the session stood.
//! Lines of code say little here; what was never combined says much.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What was asked.
const ASKED: [&str; 13] = [
    "jid",
    "invite",
    "community",
    "batch",
    "queue",
    "sync",
    "check",
    "rotate",
    "proxy",
    "link",
    "delete",
    "unblock",
    "token",
];
/// How a session can stand when a run begins.
const STOOD: [&str; 6] = ["clean", "row", "intent", "leased", "blocked", "logged out"];

/// How often each situation was reached.
#[derive(Debug, Default, Clone)]
pub(crate) struct Coverage {
    situations: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    /// Answers that are excused, because nobody can tell otherwise.
    excused: BTreeMap<&'static str, u64>,
    /// What operators, checks and others did.
    done: BTreeMap<String, u64>,
}

impl Coverage {
    /// One run: what was asked, what it met, how the session stood.
    pub(crate) fn count(
        &mut self,
        asked: &'static str,
        met: &BTreeSet<&'static str>,
        stood: &'static str,
    ) {
        let mut reached = |met| *self.situations.entry((asked, met, stood)).or_default() += 1;
        if met.is_empty() {
            reached("nothing");
        }
        for met in met {
            reached(met);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (situation, count) in &other.situations {
            *self.situations.entry(*situation).or_default() += count;
        }
        for (excuse, count) in &other.excused {
            *self.excused.entry(excuse).or_default() += count;
        }
        for (act, count) in &other.done {
            *self.done.entry(act.clone()).or_default() += count;
        }
    }

    /// An answer was excused.
    pub(crate) fn excuse(&mut self, excuse: &'static str) {
        *self.excused.entry(excuse).or_default() += 1;
    }

    /// Somebody did something, or did not get it done.
    pub(crate) fn did(&mut self, act: &str, came_to: &str) {
        *self.done.entry(format!("{act}: {came_to}")).or_default() += 1;
    }

    /// How often answers were excused, a line for each kind of excuse.
    pub(crate) fn excuses(&self) -> String {
        self.excused.iter().fold(String::new(), |mut lines, (excuse, count)| {
            let _ = writeln!(lines, "excused {count} times: {excuse}");
            lines
        })
    }

    /// What operators, checks and others did, a line for each and what it came to.
    pub(crate) fn acts(&self) -> String {
        self.done.iter().fold(String::new(), |mut lines, (act, count)| {
            let _ = writeln!(lines, "{act:<48}{count:>8}");
            lines
        })
    }

    /// A table: a line for what was asked and what befell it, a column for how the session
    /// stood; and how many situations were never reached.
    pub(crate) fn table(&self) -> String {
        let met: BTreeSet<&str> = self.situations.keys().map(|(_, met, _)| *met).collect();
        let mut table = format!("{:<10}{:<28}", "asked", "met");
        for stood in STOOD {
            let _ = write!(table, "{stood:>12}");
        }
        let mut holes = 0;
        for asked in ASKED {
            for met in &met {
                let _ = write!(table, "\n{asked:<10}{met:<28}");
                for stood in STOOD {
                    let count =
                        self.situations.get(&(asked, *met, stood)).copied().unwrap_or_default();
                    holes += u64::from(count == 0);
                    let _ = write!(table, "{count:>12}");
                }
            }
        }
        let _ = write!(table, "\n{holes} situations were never reached");
        table
    }
}
