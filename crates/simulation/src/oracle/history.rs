//! The history: a row for each leave that was confirmed and settled, and none for any other.

use std::collections::BTreeMap;

use super::run::Run;
use super::{Answer, Cause, Oracle, State, Wrong};
use crate::world::{INSTANCES, World};

/// A row, as it stands in the table.
struct Row {
    group: String,
    request_id: String,
    is_confirmed: bool,
}

impl Oracle {
    /// Looks at every instance's, with all at rest.
    pub(crate) fn look_at_history(&self, world: &World) {
        let mut rows: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for item in world.dynamo.items() {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let its = INSTANCES
                .iter()
                .position(|(account, name, _)| text("pk") == format!("INSTANCE#{account}#{name}"));
            let Some(instance) = its.filter(|_| text("sk").starts_with("LEFT#")) else { continue };
            rows.entry(instance).or_default().push(Row {
                group: text("jid"),
                request_id: text("request_id"),
                is_confirmed: item["confirmed"]["BOOL"] == true,
            });
        }
        let wrong =
            rows.iter().find_map(|(instance, rows)| self.state().judged_history(*instance, rows));
        let missing = || {
            let state = self.state();
            state.runs.iter().find_map(|run| state.judged_row(run, rows.get(&run.instance)))
        };
        let wrong = wrong.or_else(missing);
        self.found(wrong);
    }
}

impl State {
    /// Whether each row tells of a leave that was, and no two of the same one.
    fn judged_history(&self, instance: usize, rows: &[Row]) -> Option<Wrong> {
        let (.., phone) = INSTANCES[instance];
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.is_confirmed) {
            *told.entry(&row.group).or_default() += 1;
        }
        told.into_iter().find_map(|(group, told)| {
            let left = self.changes.iter().filter(|change| {
                change.phone == phone
                    && change.group == group
                    && matches!(change.cause, Cause::Left(_))
            });
            let left = left.count();
            let what = format!("{phone} {group}: {told} rows of {left} leaves");
            (told > left).then_some(Wrong { label: "history-more", what })
        })
    }

    /// Whether a leave that was answered 200, and settled undisturbed, has its row.
    fn judged_row(&self, run: &Run, rows: Option<&Vec<Row>>) -> Option<Wrong> {
        let Some(Answer::Told(told)) = &run.answer else { return None };
        let maybe = self.forgotten_maybe.get(run.phone()).copied().unwrap_or_default();
        let is_plain = run.seen.met.is_empty() && !run.has_trouble && !told.replayed;
        if !is_plain || run.began <= maybe || self.is_crossed(run) || run.is_queued {
            return None;
        }
        let left = run.groups.iter().zip(&told.statuses).filter(|(_, status)| **status == 200);
        let missing = left.map(|(group, _)| group).find(|group| {
            !rows.into_iter().flatten().any(|row| {
                row.group == **group && (row.request_id == run.request_id || !row.is_confirmed)
            })
        })?;
        Some(Wrong { label: "history-less", what: format!("{missing}: {run:?}") })
    }
}
