//! The health check of the sessions that are due: `{"action":"check"}`, from a
//! schedule.

use std::collections::BTreeMap;

use domain::clock::Budget;
use domain::trace::Trace;
use operation::check::{self, Checked, Health};
use serde::Serialize;
use store::table::StoreError;
use tokio::time::Instant;

use super::command::Delivery;
use crate::report::{Metric, Report};
use crate::service::Service;

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    checked: u64,
    connected: u64,
    /// Seen lately, so nothing was asked.
    fresh: u64,
    logged_out: u64,
    banned: u64,
    failed: u64,
    remaining: u64,
    /// Rows of the index that name no session.
    unreadable: u64,
}

/// Checks what is due.
pub(super) async fn run(
    service: &Service,
    delivery: Delivery<'_>,
    budget: Budget,
) -> Result<Summary, StoreError> {
    let began = Instant::now();
    let calls = service.engine.table.calls();
    let Checked { found, remaining, unreadable } = check::due(&service.engine, budget).await?;
    let mut failures = BTreeMap::new();
    let mut summary = Summary { remaining, unreadable, ..Summary::default() };
    for (_, health) in found {
        summary.checked += 1;
        if let Some(reason) = health.reason() {
            *failures.entry(Metric::of_failure(reason)).or_insert(0) += 1;
        }
        let count = match health {
            Health::Connected => &mut summary.connected,
            // Deleted since the index was read: nothing is wrong with it.
            Health::Fresh | Health::Busy | Health::NotFound => &mut summary.fresh,
            Health::NeverLinked | Health::LoggedOut | Health::Locked | Health::BannedForGood => {
                &mut summary.logged_out
            }
            Health::Banned { .. } | Health::Throttled { .. } => &mut summary.banned,
            Health::VersionRefused
            | Health::Unreachable(_)
            | Health::Unavailable
            | Health::Unreadable => &mut summary.failed,
        };
        *count += 1;
    }
    let mut counts = vec![
        (Metric::SessionsChecked, summary.checked),
        (Metric::ChecksFailed, summary.failed + summary.unreadable),
        // Also when it is 0: an alarm on it has to end.
        (Metric::ChecksRemaining, summary.remaining),
    ];
    counts.extend(failures);
    service.reporter.report(&Report {
        kind: delivery.kind,
        request_id: delivery.request_id,
        trace_id: delivery.trace_id,
        account: "",
        instance: "",
        token: "",
        status: None,
        outcomes: &[],
        received: None,
        counts: &counts,
        trace: Trace::default(),
        storage_calls: service.engine.table.calls() - calls,
        took: began.elapsed(),
    });
    Ok(summary)
}
