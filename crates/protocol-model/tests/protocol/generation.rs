//! A name that is used again.

use protocol_model::generation::action::Action;
use protocol_model::generation::promises::Promise;
use protocol_model::generation::state::Budget;
use protocol_model::generation::{Generations, Rule};
use protocol_model::rules::Rules;

use crate::check::{falls_by, holds};

fn holds_within(budget: Budget, floor: usize) {
    holds(Generations { budget, ..Generations::new(Rules::KEPT) }, floor);
}

#[test]
fn holds_through_a_deletion_and_two_links() {
    holds_within(Budget { deletions: 1, logouts: 0, ..Generations::BUDGET }, 1_300_000);
}

#[test]
fn holds_through_two_deletions_and_a_link() {
    holds_within(Budget { links: 1, logouts: 0, ..Generations::BUDGET }, 600_000);
}

#[test]
#[ignore = "6 million states"]
fn holds_through_deletions_and_links_in_full_bounds() {
    holds_within(Generations::BUDGET, 6_000_000);
}

fn needed(rule: Rule, promise: Promise, step: fn(&Action) -> bool) {
    falls_by(Generations::new(Rules::without(rule)), promise.name(), step);
}

/// The second number is linked.
fn is_relinked(action: &Action) -> bool {
    matches!(action, Action::Link(1))
}

fn is_linked(action: &Action) -> bool {
    matches!(action, Action::Link(_))
}

fn is_tidied(action: &Action) -> bool {
    matches!(action, Action::Tidy)
}

#[test]
fn without_a_generation_for_another_number_200_is_false() {
    needed(Rule::NewForAnotherNumber, Promise::SuccessIsEarned, is_relinked);
}

#[test]
fn without_a_generation_for_what_is_linked_while_deleting_404_is_false() {
    needed(Rule::NewWhileDeleting, Promise::NotFoundIsTrue, is_tidied);
}

#[test]
fn without_emptying_the_intents_200_is_false() {
    needed(Rule::IntentsEmptied, Promise::SuccessIsEarned, is_linked);
}

#[test]
fn without_reading_rows_by_generation_200_is_false() {
    needed(Rule::RowReadByGeneration, Promise::SuccessIsEarned, is_linked);
}

#[test]
fn without_reading_kept_answers_by_generation_another_number_is_answered_for() {
    needed(Rule::KeptReadByGeneration, Promise::SameAnswer, is_linked);
}

#[test]
fn without_putting_over_another_generation_the_answer_is_not_kept() {
    needed(Rule::OtherGenerationCountsAsNone, Promise::SameAnswer, is_linked);
}

#[test]
fn without_reading_history_by_generation() {
    needed(Rule::HistoryReadByGeneration, Promise::HistoryIsOwn, is_linked);
}

#[test]
fn without_tidying_by_generation_404_is_false() {
    needed(Rule::TidiedByGeneration, Promise::NotFoundIsTrue, is_tidied);
}

#[test]
fn without_ending_the_session_by_generation_a_new_link_is_lost() {
    needed(Rule::EndedByGeneration, Promise::LinkedIsFound, is_tidied);
}

#[test]
fn without_tidying_open_intents_something_is_left() {
    needed(Rule::OpenIntentsTidied, Promise::DeletedIsGone, is_tidied);
}

#[test]
fn without_the_lease_a_deletion_comes_before_a_stanza() {
    needed(Rule::DeletionTakesLease, Promise::NothingIsSentWhileDeleting, |action| {
        matches!(action, Action::Delete)
    });
}

#[test]
fn without_the_lease_a_link_is_marked_with_the_old_device() {
    needed(Rule::LinkTakesLease, Promise::FindingsAreOwn, is_linked);
}
