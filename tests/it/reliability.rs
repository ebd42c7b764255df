//! `docs/reliability.md` shows what the tests do, and nothing else.
//! `UPDATE_DOCS=1 cargo test` writes it anew.

use std::fmt::Write;

use crate::crashes::{At, Known, ROWS};
use crate::support::Driven;
use crate::{
    certificates, deadline, fencing, fuzz, logins, memory, outcomes, refusal_places, refusals,
    spent, storage, truth, unreadable, waiting_times,
};

/// The faults that tests drive, as each test's own file tells them.
const DRIVEN: &[&[Driven]] = &[
    truth::DRIVEN,
    logins::DRIVEN,
    outcomes::DRIVEN,
    refusal_places::DRIVEN,
    waiting_times::DRIVEN,
    certificates::DRIVEN,
    unreadable::DRIVEN,
    memory::DRIVEN,
    spent::DRIVEN,
    fuzz::DRIVEN,
    refusals::DRIVEN,
    storage::DRIVEN,
    fencing::DRIVEN,
    deadline::DRIVEN,
];

fn page() -> String {
    let mut page = String::from(
        "# The fault matrix\n\n\
         Made by `UPDATE_DOCS=1 cargo test`, and compared by `cargo test`: each row stands beside the\n\
         test that drives it, with real processes and sockets. Why the answers are what they are: `truth.md` and\n\
         `lease.md`.\n\n\
         ## The process is killed\n\n\
         SIGKILL at each step of the leave of a group that the instance is in. Until the dead run's\n\
         lease is over, others get 503 `Instance is busy`. After the retry there is no lease, no intent\n\
         and no row, and the history has one leave. All of them:\n\
         `crashes::a_process_killed_at_any_step_leaves_nothing_that_the_retry_does_not_heal`.\n\n\
         | group known by | killed at | lease left | retry |\n|---|---|---|---|\n",
    );
    for row in ROWS {
        let known = match row.known {
            Known::Row => "roster and JID",
            Known::Jid => "JID alone",
            Known::InviteAndRow => "roster and invite",
            Known::Invite => "invite alone",
        };
        let why = match (row.retry, row.at) {
            (404, At::After(..)) => " (settled; with an `Idempotency-Key` 200 is given again)",
            (404, _) => " (no evidence of membership: the truth about now)",
            _ => "",
        };
        let lease = if row.lease { "yes" } else { "no" };
        writeln!(page, "| {known} | {} | {lease} | {}{why} |", row.step, row.retry).unwrap();
    }
    page.push_str("\n## Everything else\n\n| fault | step | answer | afterwards | test |\n|---|---|---|---|---|\n");
    for Driven { test, fault, step, answer, afterwards, .. } in DRIVEN.iter().copied().flatten() {
        let test = test.trim_start_matches("it::");
        writeln!(page, "| {fault} | {step} | {answer} | {afterwards} | `{test}` |").unwrap();
    }
    page.push_str(
        "\n## Beyond single faults\n\n\
         - `crates/simulation`: the shipped code under one seed, several environments and an operator at\n  \
           once: crashes and freezes at any await, lost and late calls, cut connections, refusals, clocks\n  \
           that are off and jump, removals, rejoins, deletions; each answer is judged by what happened.\n\
         - `crates/protocol-model`: the protocol of lease, intent, leave and settle, explored\n  \
           exhaustively within its bounds; each rule, broken on purpose, makes it fail. What it says is\n  \
           certain of the rules; that the code keeps them, and what lies beyond its bounds (batches,\n  \
           communities, kept answers, clocks, operators), the simulation walks.\n",
    );
    page
}

#[test]
fn the_page_is_what_the_tests_do() {
    let file = format!("{}/docs/reliability.md", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page(), "docs/reliability.md is stale: UPDATE_DOCS=1 cargo test");
}
