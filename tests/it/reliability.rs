//! `docs/reliability.md` shows what the tests do, and nothing else.
//! `UPDATE_DOCS=1 cargo test` writes it anew, but for the table of the rules that were broken
//! on purpose, which `.ci/nightly` writes: here it is kept, and has to name each rule that
//! can be broken.

use std::fmt::Write;

use crate::crashes::{At, Known, ROWS};
use crate::support::Driven;
use crate::two_releases::{FORMS, Form};
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

/// What stands around the table that `.ci/nightly` writes.
const BROKEN: [&str; 2] =
    ["<!-- Rules broken on purpose: written by .ci/nightly -->\n", "<!-- The end of them -->\n"];

/// That table, as the page has it.
fn broken(written: &str) -> &str {
    let [begin, end] = BROKEN;
    let inside = written.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    inside.map_or("", |(inside, _)| inside)
}

/// The rules that can be broken, each with what happens then, as their own file has them:
/// only the simulation is built with it.
fn breakable() -> Vec<(String, String)> {
    let file = format!("{}/crates/domain/src/breakable/rules.rs", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let (_, list) = text.split_once("\nrules! {\n").unwrap();
    let (list, _) = list.split_once("\n}\n").unwrap();
    let mut rules = Vec::new();
    let mut breaks = String::new();
    for line in list.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            breaks.push_str(more);
        } else {
            let rule = line.trim_end_matches(',').to_owned();
            rules.push((rule, std::mem::take(&mut breaks).trim().to_owned()));
        }
    }
    rules
}

fn page(broken: &str) -> String {
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
    page.push_str(
        "\n## Two releases at work\n\n\
         While traffic is shifted, and after going back, this release and the one before work on one\n\
         table (`deploy.md`). Each crash above also with the one killed and the other making the retry:\n\
         the same answers. `two_releases::what_the_release_before_left_when_it_was_killed_is_healed_by_this_one`,\n\
         `two_releases::what_this_release_left_when_it_was_killed_is_healed_by_the_one_before`.\n\n\
         And what one writes while both are at work on one instance, read by the other; each both ways\n\
         round:\n\n\
         | written by one | read by the other | test |\n|---|---|---|\n",
    );
    for Form { test, written, read } in FORMS.iter().copied().flatten() {
        let test = test.trim_start_matches("it::");
        writeln!(page, "| {written} | {read} | `{test}` |").unwrap();
    }
    page.push_str("\n## Everything else\n\n| fault | step | answer | afterwards | test |\n|---|---|---|---|---|\n");
    for Driven { test, fault, step, answer, afterwards, .. } in DRIVEN.iter().copied().flatten() {
        let test = test.trim_start_matches("it::");
        writeln!(page, "| {fault} | {step} | {answer} | {afterwards} | `{test}` |").unwrap();
    }
    page.push_str(
        "\n## Rules broken on purpose\n\n\
         Each rule that can be broken in the simulation (`crates/domain/src/breakable/rules.rs`; what\n\
         ships has none of it), and what finds it there: the oracle's label, of which\n\
         `crates/simulation/README.md` has the meaning, and after how many steps.\n\n",
    );
    page.extend([BROKEN[0], broken, BROKEN[1]]);
    page.push_str(
        "\n## Beyond single faults\n\n\
         - `crates/simulation`: the shipped code under one seed, several environments and operators at\n  \
           once: crashes and freezes at any await, lost and late calls, cut connections, refusals, clocks\n  \
           that are off and jump, removals, rejoins, deletions; each answer, log line, write and row of\n  \
           the history is judged by what happened.\n\
         - `crates/protocol-model`: the protocol of lease, intent, leave and settle, explored\n  \
           exhaustively within its bounds; each rule, broken on purpose, makes it fail. What it says is\n  \
           certain of the rules; that the code keeps them, and what lies beyond its bounds (batches,\n  \
           communities, kept answers, clocks, operators), the simulation walks.\n\n\
         | promise | certain within the model's bounds | walked in what ships |\n\
         |---|---|---|\n\
         | a 200 is true, and a lost leave is never denied (rules 1 to 6) | `one_group`, `age` | yes |\n\
         | one verdict for a group, and the rest of a cut batch (rules 5, 7, 10) | `batch` | yes, with queues |\n\
         | settling does not depend on tidying; at most 100 open (rule 8) | `room` | yes |\n\
         | a name that is used again starts empty (rule 9) | `generation` | yes, with tokens |\n\
         | a kept answer is the first, and the only one | `kept` | yes |\n\
         | whoever has not the lease writes nothing that is its | `one_group` | yes, at each write |\n\
         | no login and no leave when the lease has ended | no: it has no clock of its own | yes |\n\
         | every refusal has its reason, `Retry-After` is sane | no | yes |\n\
         | the limiter, tokens, tenants | no | yes; exactness under load: `rate_limit` |\n\
         | log lines, metrics, history | no | yes |\n\
         | a killed process, sockets, another release beside it | no | no: the matrices above |\n",
    );
    page
}

#[test]
fn the_page_is_what_the_tests_do() {
    let file = format!("{}/docs/reliability.md", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let page = page(broken(&written));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    } else {
        assert!(written == page, "docs/reliability.md is stale: UPDATE_DOCS=1 cargo test");
    }
}

#[test]
fn the_page_names_each_rule_that_can_be_broken_and_no_other() {
    let file = format!("{}/docs/reliability.md", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(&file).unwrap();
    // A rule, what happens when it is broken, what found it, and after how many steps.
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = broken(&written).lines().skip(2).map(cells);
    let told: Vec<_> =
        rows.map(|row| (row[1].trim_matches('`').to_owned(), row[2].clone())).collect();
    assert_eq!(told, breakable(), "a row is stale: UPDATE_DOCS=1 .ci/nightly RULE");
}
