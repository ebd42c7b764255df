//! Room for intents.

use protocol_model::room::action::{Action, Order};
use protocol_model::room::promises::Promise;
use protocol_model::room::state::Budget;
use protocol_model::room::{Rooms, Rule};
use protocol_model::rules::Rules;

use crate::check::{falls_by, holds};

#[test]
fn holds_however_many_intents_stand() {
    let budget = Budget { crashes: 0, losses: 1 };
    holds(Rooms { budget, ..Rooms::new(Rules::KEPT) }, 1_300_000);
}

#[test]
#[ignore = "4.7 million states"]
fn holds_however_many_intents_stand_in_full_bounds() {
    holds(Rooms::new(Rules::KEPT), 4_600_000);
}

fn needed(rule: Rule, promise: Promise, step: fn(&Action) -> bool) {
    falls_by(Rooms::new(Rules::without(rule)), promise.name(), step);
}

fn makes_room(action: &Action) -> bool {
    matches!(action, Action::MakeRoom(_))
}

#[test]
fn without_checking_the_room_intents_have_no_bound() {
    needed(Rule::RoomChecked, Promise::AtMostRoom, |action| matches!(action, Action::Acquire(..)));
}

#[test]
fn without_checking_it_again_intents_have_no_bound() {
    needed(Rule::RoomCheckedAgain, Promise::AtMostRoom, |action| {
        matches!(action, Action::AcquireAgain(_))
    });
}

#[test]
fn without_letting_standing_ones_pass_a_retry_is_locked_out() {
    needed(Rule::StandingPass, Promise::RetryPasses, makes_room);
}

#[test]
fn without_removing_ended_ones_they_lock() {
    needed(Rule::EndedMakeRoom, Promise::EndedNeverLock, |action| {
        matches!(action, Action::AskAgain)
    });
}

#[test]
fn without_sparing_open_ones_404_is_false() {
    needed(Rule::OpenSpared, Promise::NotFoundIsTrue, |_| true);
}

#[test]
fn without_the_time_as_a_condition_a_fresh_intent_is_removed() {
    needed(Rule::RemovedByTime, Promise::NotFoundIsTrue, makes_room);
}

#[test]
fn without_counting_an_invites_intent_they_have_no_bound() {
    needed(Rule::InviteCounted, Promise::AtMostRoom, |action| {
        matches!(action, Action::Acquire(_, Order::Invite(_)))
    });
}

#[test]
fn without_a_bound_on_tidying_no_settling_fits() {
    needed(Rule::TidyingBounded, Promise::SettlingIsNeverStopped, |_| true);
}

#[test]
fn without_settling_whatever_was_tidied_another_run_stops_it() {
    needed(Rule::SettlingNeedsNoTidying, Promise::SettlingIsNeverStopped, makes_room);
}
