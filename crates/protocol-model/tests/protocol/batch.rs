//! Batches: several targets, a group named twice, communities, cut commands.

use protocol_model::batch::action::Action;
use protocol_model::batch::promises::Promise;
use protocol_model::batch::state::Budget;
use protocol_model::batch::{Batches, Rule, Scene};
use protocol_model::rules::Rules;

use crate::check::{falls_by, holds};

fn holds_in(scene: Scene, floor: usize) {
    holds(Batches::new(Rules::KEPT, scene), floor);
}

/// The same, with somebody who lets us in again.
fn holds_with_a_rejoin(scene: Scene, floor: usize) {
    let budget = Budget { rejoins: 1, ..Batches::BUDGET };
    holds(Batches { budget, ..Batches::new(Rules::KEPT, scene) }, floor);
}

fn needed(rule: Rule, scene: Scene, promise: Promise, step: fn(&Action) -> bool) {
    falls_by(Batches::new(Rules::without(rule), scene), promise.name(), step);
}

#[test]
fn holds_for_groups_apart() {
    holds_in(Scene::APART, 360_000);
}

#[test]
fn holds_for_a_group_that_is_named_twice() {
    holds_in(Scene::TWICE, 300_000);
}

#[test]
fn holds_for_a_community() {
    holds_in(Scene::COMMUNITY, 750_000);
}

#[test]
fn holds_for_a_command_that_is_cut() {
    holds_in(Scene::CUT, 800_000);
}

#[test]
#[ignore = "1.6 million states"]
fn holds_for_groups_apart_with_a_rejoin() {
    holds_with_a_rejoin(Scene::APART, 1_600_000);
}

#[test]
#[ignore = "1.2 million states"]
fn holds_for_a_group_that_is_named_twice_with_a_rejoin() {
    holds_with_a_rejoin(Scene::TWICE, 1_200_000);
}

#[test]
#[ignore = "3.5 million states"]
fn holds_for_a_community_with_a_rejoin() {
    holds_with_a_rejoin(Scene::COMMUNITY, 3_400_000);
}

#[test]
#[ignore = "3.3 million states"]
fn holds_for_a_command_that_is_cut_with_a_rejoin() {
    holds_with_a_rejoin(Scene::CUT, 3_200_000);
}

/// The connection fails at a query, or before a reply, and the run knows it.
fn connection_fails(action: &Action) -> bool {
    matches!(action, Action::ConnectionFails(_) | Action::ReplyFails(_))
}

#[test]
fn without_knowing_that_nothing_was_sent_200_is_false() {
    let rule = Rule::FailedConnectionIsSpent;
    needed(rule, Scene::APART, Promise::SuccessIsEarned, connection_fails);
}

#[test]
fn without_knowing_it_of_a_community_200_is_false() {
    let rule = Rule::FailedConnectionIsSpent;
    needed(rule, Scene::COMMUNITY, Promise::SuccessIsEarned, connection_fails);
}

/// The run's outcome was lost, or the reply did not name the group.
fn outcome_is_lost(action: &Action) -> bool {
    matches!(
        action,
        Action::GiveUp(_) | Action::ReplyFails(_) | Action::ReceiveWithout(..) | Action::Crash(_)
    )
}

#[test]
fn without_one_verdict_in_one_run_404_is_false() {
    let rule = Rule::OneVerdictInOneRun;
    needed(rule, Scene::TWICE, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_one_verdict_in_one_run_two_are_spoken() {
    needed(Rule::OneVerdictInOneRun, Scene::TWICE, Promise::OneVerdict, |_| true);
}

#[test]
fn without_letting_the_confirmed_verdict_win() {
    needed(Rule::ConfirmedWins, Scene::TWICE, Promise::NoSuccessIsLost, |action| {
        matches!(action, Action::Receive(_))
    });
}

#[test]
fn without_letting_the_open_verdict_win() {
    needed(Rule::OpenWins, Scene::TWICE, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_sparing_the_open_intent_of_a_linked_group() {
    needed(Rule::LinkedIntentSpared, Scene::COMMUNITY, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_sparing_the_row_of_a_linked_group_whose_intent_is_open() {
    needed(Rule::LinkedRowSpared, Scene::COMMUNITY, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_sparing_what_the_same_run_left_open() {
    needed(Rule::LinkedTargetSpared, Scene::COMMUNITY, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_an_owner_for_each_run_of_a_command() {
    needed(Rule::OwnerForEachRun, Scene::CUT, Promise::NotFoundIsTrue, outcome_is_lost);
}

#[test]
fn without_one_verdict_in_one_command() {
    needed(Rule::OneVerdictInOneCommand, Scene::CUT, Promise::OneVerdict, |_| true);
}

#[test]
fn without_letting_a_settled_200_win_over_an_open_run_of_the_command() {
    needed(Rule::SettledSuccessWins, Scene::CUT, Promise::NotFoundIsTrue, outcome_is_lost);
}
