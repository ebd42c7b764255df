//! `docs/reliability.md` shows what the tests do, and nothing else.
//! `UPDATE_DOCS=1 cargo test` writes it anew.

use std::fmt::Write;

use crate::crashes::{At, Known, ROWS};

/// A fault that another test drives: fault, step, answer, state afterwards, test.
type Driven = (&'static str, &'static str, &'static str, &'static str, &'static str);

const OUTAGE: &str = "nothing of the run is left";
const OPEN: &str = "intent and row stay for the retry";

const DRIVEN: [Driven; 40] = [
    (
        "WhatsApp drops, stays silent, answers 5xx or an unknown code",
        "leave",
        "503 did not confirm; retry 200",
        OPEN,
        "truth::whatever_is_not_a_status_of_this_target_is_unconfirmed_and_the_retry_learns_the_outcome",
    ),
    (
        "reply empty, without `<leave>`, of another target, another id, another tag",
        "leave",
        "503 did not confirm; retry 200",
        OPEN,
        "truth::whatever_is_not_a_status_of_this_target_is_unconfirmed_and_the_retry_learns_the_outcome",
    ),
    ("two replies", "leave", "200", "settled", "truth::two_replies_are_one_answer"),
    (
        "stream ends: replaced, 515, `xmlstreamend`, device removed",
        "leave",
        "503 did not confirm",
        "removed is remembered, the others are not",
        "logins::a_stream_that_ends_after_the_leave_was_sent_is_unconfirmed",
    ),
    (
        "reply lost after the leave, group known by invite alone",
        "leave",
        "503, retry 404: the truth about now",
        "settled",
        "truth::without_evidence_of_membership_a_lost_outcome_is_the_truth_about_now",
    ),
    (
        "reply lost after the leave, somebody adds us again",
        "leave",
        "503, retry leaves again: 200",
        "settled",
        "truth::rejoined_in_between_the_retry_leaves_again",
    ),
    (
        "logged out: 401, 403, 406; stream error 401, 516, any conflict but `replaced`",
        "login",
        "400 not connected",
        "remembered, the next call does not dial",
        "logins::a_logged_out_device_is_recorded_and_not_dialled_again",
    ),
    (
        "ban: 402",
        "login",
        "503 banned, `Retry-After`",
        "remembered with its end",
        "outcomes::row_17_a_ban_is_remembered_until_it_ends",
    ),
    (
        "client version refused, other refusals, stream errors",
        "login",
        "503 unavailable",
        OUTAGE,
        "logins::every_other_refusal_of_a_login_is_unavailable_and_changes_nothing",
    ),
    (
        "each refusal: `<failure>`, stream error, IQ error, a target's own",
        "login, invite, metadata, leave",
        "the same row wherever it arrives; from the leave on 503 did not confirm",
        "a block or a logout is remembered with its kind and end",
        "refusal_places::an_ended_stream_means_the_same_wherever_it_ends",
    ),
    (
        "throttled: 429, as an IQ error or a stream error",
        "invite, metadata of a batch",
        "429 WhatsApp for the whole run; nothing more is asked or sent",
        "remembered with its end",
        "refusal_places::after_throttling_the_run_asks_and_sends_nothing_more",
    ),
    (
        "`expire`, `backoff`: huge, a date, negative, no number",
        "login, leave",
        "`Retry-After` of 7 days at most for a ban, an hour for throttling",
        "the same end is remembered",
        "waiting_times::what_is_obeyed_and_remembered_is_capped_and_dates_are_dates",
    ),
    (
        "throttled: 429",
        "leave",
        "429 WhatsApp, `Retry-After`",
        "remembered with its end",
        "outcomes::row_16_whatsapps_throttling_is_remembered_until_it_ends",
    ),
    (
        "certificate chain wrong in each of eight ways",
        "hello",
        "503 unavailable",
        "no login was sent",
        "certificates::a_chain_that_is_wrong_in_any_way_gets_no_login",
    ),
    (
        "bytes that are no frame, or do not decrypt",
        "login",
        "503 unavailable",
        OUTAGE,
        "logins::bytes_that_are_no_frame_are_unavailable_before_and_unconfirmed_after_the_leave",
    ),
    (
        "stanzas that nobody can read, up to 64, before the answer",
        "login, invite, metadata, leave",
        "200",
        "settled",
        "unreadable::stanzas_that_cannot_be_read_are_passed_over_at_every_step",
    ),
    (
        "nothing but stanzas that nobody can read, or that nobody asked for",
        "login, leave",
        "503 unavailable; after the leave 503 did not confirm",
        OUTAGE,
        "unreadable::a_server_that_sends_nothing_else_is_given_up",
    ),
    (
        "pings, an upgrade's answer without end, a frame of 8 MiB",
        "connect, hello",
        "503 unavailable, within 64 MiB",
        "nothing of the run is left; the environment works on",
        "memory::a_hostile_server_gets_no_memory_before_it_has_proved_anything",
    ),
    (
        "packed stanzas that unpack to very much, JIDs inside JIDs",
        "login, metadata, leave",
        "passed over, within 64 MiB",
        "settled",
        "memory::a_hostile_server_gets_no_memory_after_the_login",
    ),
    (
        "the connection ends before a question of the run",
        "metadata, leave",
        "503 unavailable for what was not sent",
        "own intents are taken back",
        "spent::what_was_not_sent_is_taken_back_so_that_the_retry_tells_the_truth",
    ),
    (
        "random bytes",
        "hello, login, leave",
        "503",
        "still in the group",
        "fuzz::bytes_of_a_hostile_server_never_make_a_success_or_a_panic",
    ),
    (
        "500 on a community",
        "leave",
        "sent once more on the same connection",
        "settled",
        "refusals::a_500_on_a_community_is_retried_once_on_the_same_connection",
    ),
    (
        "500 on a community that was left all the same",
        "leave",
        "the second try hears 404: 200",
        "settled",
        "refusals::a_community_that_was_left_although_it_said_500_is_not_denied_by_the_second_try",
    ),
    (
        "the assumed kind is wrong: 400",
        "leave",
        "left as what it is: 200",
        "settled",
        "refusals::a_group_whose_kind_changed_since_the_last_look_is_left_as_what_it_is",
    ),
    (
        "refusal code",
        "leave",
        "403 for a member, 404 for anyone else",
        "the roster heals",
        "refusals::a_refusal_of_someone_who_is_not_in_the_group_is_not_found",
    ),
    (
        "throttled, 5xx, reset, once",
        "any DynamoDB call",
        "200",
        "settled",
        "storage::a_passing_fault_of_any_kind_is_ridden_out",
    ),
    (
        "5xx that lasts",
        "gate, acquire",
        "503 storage",
        "no lease, no dial",
        "storage::a_lasting_fault_of_the_gate_or_the_lease_lets_nobody_through",
    ),
    (
        "reply lost after apply, once",
        "gate, acquire, settle",
        "200",
        "settled once",
        "truth::a_lost_reply_of_any_call_neither_loses_nor_doubles_anything",
    ),
    (
        "every reply lost after apply",
        "acquire",
        "503 storage",
        "the lease is given back",
        "storage::a_lease_whose_every_reply_is_lost_is_given_back",
    ),
    (
        "5xx that lasts",
        "roster row",
        "503 storage",
        "nothing sent, settled",
        "storage::a_roster_that_cannot_be_read_sends_nothing",
    ),
    (
        "5xx that lasts",
        "settle after a confirmed leave",
        "200",
        "the next run heals it",
        "truth::a_confirmed_leave_stays_a_200_when_the_closing_write_fails",
    ),
    (
        "5xx that lasts",
        "settle of a recovered leave",
        "503 did not confirm; retry 200",
        OPEN,
        "truth::a_recovered_leave_is_a_200_only_once_it_is_settled",
    ),
    (
        "`TransactionConflict`",
        "acquire, settle",
        "200",
        "settled",
        "storage::a_transaction_conflict_is_retried_by_ourselves",
    ),
    (
        "no such table",
        "gate",
        "503 storage",
        "nothing",
        "storage::a_table_that_is_missing_lets_nobody_in",
    ),
    (
        "corrupt session item",
        "acquire",
        "500",
        "no lease",
        "storage::a_corrupt_item_is_an_internal_error_and_takes_no_lease",
    ),
    (
        "sealed value damaged, or of another instance",
        "open credentials",
        "500",
        "no lease, no dial",
        "storage::a_sealed_value_of_another_instance_does_not_open",
    ),
    (
        "frozen past the lease",
        "leave",
        "503 did not confirm",
        "fenced: writes and releases nothing",
        "fencing::a_run_frozen_during_the_leave_is_replaced_and_says_that_it_does_not_know",
    ),
    (
        "frozen past the lease",
        "settle",
        "200, WhatsApp had confirmed",
        "fenced: writes and releases nothing",
        "fencing::a_run_frozen_before_its_settling_neither_writes_nor_releases",
    ),
    (
        "fenced off, then told \"not a member\"",
        "metadata",
        "503 did not confirm",
        "fenced: writes and releases nothing",
        "fencing::a_run_that_was_fenced_off_does_not_deny_what_the_other_run_did",
    ),
    (
        "400 ms left, no answer",
        "every step",
        "a contract answer in time",
        "lease released or short",
        "deadline::whatsapp_that_is_silent_at_any_step_is_answered_in_time",
    ),
];

fn page() -> String {
    let mut page = String::from(
        "# The fault matrix\n\n\
         Made by `UPDATE_DOCS=1 cargo test`, and compared by `cargo test`: each row is what a test\n\
         drives, with real processes and sockets. Why the answers are what they are: `truth.md` and\n\
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
    for (fault, step, answer, afterwards, test) in DRIVEN {
        writeln!(page, "| {fault} | {step} | {answer} | {afterwards} | `{test}` |").unwrap();
    }
    page.push_str(
        "\n## Beyond single faults\n\n\
         - `random_walk::ten_thousand_random_steps_tell_the_truth`: leaves, rejoins, removals, crashes\n  \
           after a random number of polls, restarts, expired leases and faults of both sides, against a\n  \
           simple model of the truth.\n\
         - `crates/protocol-model`: the protocol of lease, intent, leave and settle, explored\n  \
           exhaustively within its bounds; each rule, broken on purpose, makes it fail.\n",
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

#[test]
fn every_test_that_the_page_names_is_there() {
    let also = [
        "crashes::a_process_killed_at_any_step_leaves_nothing_that_the_retry_does_not_heal",
        "random_walk::ten_thousand_random_steps_tell_the_truth",
    ];
    for test in DRIVEN.iter().map(|row| row.4).chain(also) {
        let (file, name) = test.split_once("::").unwrap();
        let file = format!("{}/tests/it/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{file}"));
        assert!(source.contains(&format!("fn {name}(")), "{test}");
    }
}
