//! Answers kept for an `Idempotency-Key`.

use protocol_model::kept::action::Action;
use protocol_model::kept::promises::Promise;
use protocol_model::kept::state::Budget;
use protocol_model::kept::{Keeping, Rule};
use protocol_model::rules::Rules;

use crate::check::{falls, falls_by, holds, stands};

#[test]
fn holds_for_requests_with_one_key() {
    let budget = Budget { losses: 1, ..Keeping::BUDGET };
    holds(Keeping { budget, ..Keeping::new(Rules::KEPT) }, 1_400_000);
}

#[test]
#[ignore = "2.2 million states"]
fn holds_for_requests_with_one_key_in_full_bounds() {
    holds(Keeping::new(Rules::KEPT), 2_200_000);
}

/// Smaller bounds, for what is explored to the end three times.
fn one_loss(rules: Rules<Rule>) -> Keeping {
    let budget = Budget { crashes: 0, losses: 1, ..Keeping::BUDGET };
    Keeping { budget, ..Keeping::new(rules) }
}

fn needed(rule: Rule, promise: Promise) {
    falls(Keeping::new(Rules::without(rule)), promise.name());
}

/// `rule` is a second lock: `promise` stands without it, and without `other`, and
/// falls without both.
fn needed_behind(other: Rule, rule: Rule, promise: Promise) {
    stands(one_loss(Rules::without(rule)), promise.name());
    stands(one_loss(Rules::without(other)), promise.name());
    falls(one_loss(Rules::without_both(other, rule)), promise.name());
}

#[test]
fn without_reading_again_under_the_lease_the_waiting_request_hears_another_answer() {
    needed(Rule::ReadAgainUnderLease, Promise::SameAnswer);
}

#[test]
fn without_reading_again_under_the_lease_another_identifier_is_left() {
    needed(Rule::ReadAgainUnderLease, Promise::OtherRequest);
}

#[test]
fn without_comparing_the_identifier() {
    needed(Rule::IdentifierCompared, Promise::OtherRequest);
}

#[test]
fn without_an_end_of_what_is_read() {
    needed(Rule::EndedIsNotRead, Promise::SameAnswer);
}

#[test]
fn without_writing_over_what_has_ended() {
    needed(Rule::EndedCountsAsNone, Promise::SameAnswer);
}

#[test]
fn without_keeping_in_the_settling_transaction() {
    needed(Rule::WrittenWithSettling, Promise::SameAnswer);
}

#[test]
fn with_a_422_that_is_kept() {
    let keeping = Keeping::new(Rules::without(Rule::OtherRequestNotKept));
    falls_by(keeping, Promise::OtherRequest.name(), |action| matches!(action, Action::HalfDay));
}

#[test]
fn with_a_422_that_is_written_over_the_first_answer() {
    let rules = Rules::without_both(Rule::OtherRequestNotKept, Rule::WrittenOnce);
    falls(Keeping::new(rules), Promise::SameAnswer.name());
    falls(Keeping::new(rules), Promise::KeptOnce.name());
}

#[test]
fn with_a_not_connected_that_is_kept() {
    let keeping = Keeping::new(Rules::without(Rule::RetryableNotKept));
    falls(keeping, Promise::KeptIsFinal.name());
}

#[test]
fn writing_once_is_a_second_lock() {
    needed_behind(Rule::ReadAgainUnderLease, Rule::WrittenOnce, Promise::KeptOnce);
}

#[test]
fn repeating_a_settling_without_the_keeping_is_a_second_lock() {
    let promise = Promise::SettlingIsNeverStopped;
    needed_behind(Rule::ReadAgainUnderLease, Rule::LosingStopsNothing, promise);
}
