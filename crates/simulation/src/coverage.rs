//! Which situations were reached: what was asked, what befell it, and how the session stood.
//! Lines of code say little here; what was never combined says much.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What was asked.
const ASKED: [&str; 4] = ["jid", "invite", "community", "batch"];
/// How a session can stand when a run begins.
const STOOD: [&str; 6] = ["clean", "row", "intent", "leased", "blocked", "logged out"];

/// How often each situation was reached.
#[derive(Debug, Default, Clone)]
pub(crate) struct Coverage(BTreeMap<(&'static str, &'static str, &'static str), u64>);

impl Coverage {
    /// One run: what was asked, what it met, how the session stood.
    pub(crate) fn count(
        &mut self,
        asked: &'static str,
        met: &BTreeSet<&'static str>,
        stood: &'static str,
    ) {
        let mut reached = |met| *self.0.entry((asked, met, stood)).or_default() += 1;
        if met.is_empty() {
            reached("nothing");
        }
        for met in met {
            reached(met);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (situation, count) in &other.0 {
            *self.0.entry(*situation).or_default() += count;
        }
    }

    /// A table: a line for what was asked and what befell it, a column for how the session
    /// stood; and how many situations were never reached.
    pub(crate) fn table(&self) -> String {
        let met: BTreeSet<&str> = self.0.keys().map(|(_, met, _)| *met).collect();
        let mut table = format!("{:<10}{:<28}", "asked", "met");
        for stood in STOOD {
            let _ = write!(table, "{stood:>12}");
        }
        let mut holes = 0;
        for asked in ASKED {
            for met in &met {
                let _ = write!(table, "\n{asked:<10}{met:<28}");
                for stood in STOOD {
                    let count = self.0.get(&(asked, *met, stood)).copied().unwrap_or_default();
                    holes += u64::from(count == 0);
                    let _ = write!(table, "{count:>12}");
                }
            }
        }
        let _ = write!(table, "\n{holes} situations were never reached");
        table
    }
}
