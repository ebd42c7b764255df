//! How long an intent counts.

use protocol_model::age::action::Action;
use protocol_model::age::promises::Promise;
use protocol_model::age::{Ages, Rule};
use protocol_model::rules::Rules;

use crate::check::{falls_by, holds};

#[test]
fn holds_through_half_days_and_blocks() {
    holds(Ages::new(Rules::KEPT), 700_000);
}

#[test]
#[ignore = "17 million states"]
fn holds_for_three_runs() {
    holds(Ages { runs: 3, ..Ages::new(Rules::KEPT) }, 17_000_000);
}

fn needed(rule: Rule, promise: Promise, step: fn(&Action) -> bool) {
    falls_by(Ages::new(Rules::without(rule)), promise.name(), step);
}

fn time_passes(action: &Action) -> bool {
    matches!(action, Action::HalfDay)
}

fn is_blocked(action: &Action) -> bool {
    matches!(action, Action::Ban(_) | Action::Throttle(_) | Action::CutOff(_))
}

#[test]
fn without_renewing_an_earlier_intent_404_is_false() {
    needed(Rule::Renewed, Promise::NotFoundIsTrue, time_passes);
}

#[test]
fn without_renewing_before_the_stanza_404_is_false() {
    needed(Rule::RenewedBeforeStanza, Promise::NotFoundIsTrue, time_passes);
}

#[test]
fn without_the_fence_a_late_run_renews() {
    needed(Rule::RenewalFenced, Promise::FencedOffWritesNothing, |action| {
        matches!(action, Action::Prepare(..))
    });
}

#[test]
fn without_leaving_a_renewed_intent_to_its_owner_404_is_false() {
    needed(Rule::RenewalChangesTimeOnly, Promise::NotFoundIsTrue, time_passes);
}

#[test]
fn without_putting_back_what_was_not_sent_200_is_false() {
    needed(Rule::PutBackWhenNotSent, Promise::SuccessIsEarned, time_passes);
}

#[test]
fn without_putting_back_what_was_refused_200_is_false() {
    needed(Rule::PutBackWhenRefused, Promise::SuccessIsEarned, |action| {
        matches!(action, Action::Refuse(_) | Action::Throttle(_))
    });
}

#[test]
fn without_keeping_the_new_time_of_an_open_outcome_404_is_false() {
    needed(Rule::KeptWhenOpen, Promise::NotFoundIsTrue, time_passes);
}

#[test]
fn without_an_end_of_intents_200_is_false() {
    needed(Rule::IntentEnds, Promise::SuccessIsEarned, time_passes);
}

#[test]
fn without_replacing_an_ended_intent_404_is_false() {
    needed(Rule::EndedIntentReplaced, Promise::NotFoundIsTrue, time_passes);
}

#[test]
fn without_counting_from_the_end_of_a_block_404_is_false() {
    needed(Rule::BlockExtends, Promise::NotFoundIsTrue, is_blocked);
}

#[test]
fn without_sparing_ended_intents_in_a_block_200_is_false() {
    needed(Rule::BlockSparesEnded, Promise::SuccessIsEarned, is_blocked);
}
