//! What a world is put through: a list that is drawn first, so that steps can be left out.

use std::time::Duration;

use fastrand::Rng;
use whatsapp_simulator::{Fault, LeaveReplyKind, Moment, Reaction, StreamErrorKind};

use crate::machine::Trouble;
use crate::weights::Weights;
use crate::world::{ANNOUNCEMENT, COMMUNITY, INSTANCES, NOWHERE, PLAIN, SUBGROUPS, groups};

/// One request, one operator's act, or one disturbance.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its place in the list, whatever is left out of it.
    pub(crate) number: u64,
    pub(crate) what: What,
    /// The next one does not wait for it; so long until then, in milliseconds.
    pub(crate) overlap: Option<u64>,
}

/// What a step is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A request over HTTP.
    Leave(Ask),
    /// A typed command.
    Command(Vec<String>, Ask),
    /// An operator's act on an instance.
    Operate(usize, Act),
    /// Somebody adds or removes the account of an instance, or gives it a rank.
    Others(usize, &'static str, Other),
    /// Clocks move.
    Time(Time),
    /// An environment ends; a new one has a clock of its own.
    Environment(i64),
}

/// A request that leaves.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) instance: usize,
    pub(crate) identifier: String,
    pub(crate) key: Option<u8>,
    pub(crate) remaining: Duration,
    pub(crate) trouble: Trouble,
    pub(crate) server: Option<Fault>,
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Sync,
    Rotate,
    SetProxy,
    Check,
    Relink,
    DeleteAndLink,
    Unblock,
}

/// What others do at WhatsApp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Add,
    Remove,
}

/// How clocks move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// Past any lease.
    PastTheLease,
    /// By so many milliseconds.
    By(i64),
    /// So many milliseconds before or after a day.
    AboutADay(i64),
}

/// Draws one step. `asked` are requests that were drawn before.
pub(crate) fn draw(number: u64, dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Step {
    let what = match weighted(dice, &weights.steps) {
        0 => command(dice, weights, asked),
        1 => What::Operate(dice.usize(0..INSTANCES.len()), act(dice)),
        2 => {
            let group = dice.choice(groups().map(|it| it.0).collect::<Vec<_>>());
            let other = if dice.bool() { Other::Add } else { Other::Remove };
            What::Others(dice.usize(0..INSTANCES.len()), group.unwrap_or(COMMUNITY), other)
        }
        3 => What::Time(Time::PastTheLease),
        4 => What::Time(match dice.u8(0..3) {
            0 => Time::By(dice.i64(-120_000..300_000)),
            1 => Time::AboutADay(dice.i64(-7_000..1_000)),
            _ => Time::By(dice.i64(1_000..60_000)),
        }),
        5 => What::Environment(
            dice.choice([0, 1_500, -1_500, 4_000, -4_000, 90_000, -90_000]).unwrap_or_default(),
        ),
        _ => What::Leave(ask(dice, weights, asked)),
    };
    let overlap = weights.overlap.strikes(dice).then(|| dice.u64(0..60));
    Step { number, what, overlap }
}

fn weighted(dice: &mut Rng, weights: &[u16]) -> usize {
    // Plain requests are the last, and never out.
    let sum: u16 = weights.iter().sum::<u16>() + 8;
    let mut drawn = dice.u16(0..sum);
    for (index, weight) in weights.iter().enumerate() {
        if drawn < *weight {
            return index;
        }
        drawn -= weight;
    }
    weights.len()
}

fn act(dice: &mut Rng) -> Act {
    let acts = [
        Act::Sync,
        Act::Sync,
        Act::Rotate,
        Act::SetProxy,
        Act::Check,
        Act::Relink,
        Act::DeleteAndLink,
        Act::Unblock,
    ];
    dice.choice(acts).unwrap_or(Act::Sync)
}

fn ask(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Ask {
    let earlier = weights.repeat.strikes(dice).then(|| dice.choice(asked.iter())).flatten();
    let mut ask = match earlier {
        Some(earlier) => earlier.clone(),
        None => Ask {
            instance: dice.usize(0..INSTANCES.len()),
            identifier: identifier(dice),
            key: weights.key.strikes(dice).then(|| dice.u8(0..3)),
            remaining: Duration::ZERO,
            trouble: Trouble::default(),
            server: None,
        },
    };
    ask.remaining =
        Duration::from_millis(dice.choice([29_000, 29_000, 6_000, 2_500]).unwrap_or(29_000));
    ask.trouble = trouble(dice, weights);
    ask.server = weights.server.strikes(dice).then(|| server(dice));
    asked.push(ask.clone());
    ask
}

fn command(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> What {
    let ask = Ask { key: None, ..ask(dice, weights, asked) };
    let some: Vec<_> = (0..dice.usize(1..=3)).map(|_| jid(dice)).collect();
    let identifiers = (0..dice.usize(1..=5)).map(|_| {
        let jid = dice.choice(some.iter().copied()).unwrap_or(PLAIN[0]);
        spelled(dice, jid)
    });
    What::Command(identifiers.collect(), ask)
}

fn identifier(dice: &mut Rng) -> String {
    let jid = jid(dice);
    spelled(dice, jid)
}

fn jid(dice: &mut Rng) -> &'static str {
    match dice.u8(0..16) {
        0..=8 => PLAIN[dice.usize(0..PLAIN.len())],
        9..=11 => SUBGROUPS[dice.usize(0..SUBGROUPS.len())],
        12 | 13 => COMMUNITY,
        14 => ANNOUNCEMENT,
        _ => NOWHERE,
    }
}

/// A group as callers name it.
fn spelled(dice: &mut Rng, jid: &str) -> String {
    let code = groups().find(|(group, _)| *group == jid).map(|(_, code)| code);
    match (dice.u8(0..8), code) {
        (0, Some(code)) => code,
        (1, Some(code)) => format!("https://chat.whatsapp.com/{code}"),
        (2, _) => jid.trim_end_matches("@g.us").to_owned(),
        _ => jid.to_owned(),
    }
}

fn trouble(dice: &mut Rng, weights: &Weights) -> Trouble {
    let crash = weights.crash.strikes(dice).then(|| dice.u32(1..60));
    let freeze = weights.freeze.strikes(dice).then(|| {
        let long = dice.choice([800, 6_000, 24_000, 31_000, 70_000]).unwrap_or(800);
        (dice.u32(1..50), Duration::from_millis(long))
    });
    Trouble { crash, freeze }
}

/// A refusal of WhatsApp's, or an answer that confirms nothing.
fn server(dice: &mut Rng) -> Fault {
    let odd = [
        LeaveReplyKind::Empty,
        LeaveReplyKind::MissingLeave,
        LeaveReplyKind::OtherTarget,
        LeaveReplyKind::WrongTag,
    ];
    let (moment, reaction) = match dice.u8(0..18) {
        0 => (Moment::Leave, Reaction::Drop),
        1 => (Moment::Leave, Reaction::DropAfterApply),
        2 => (Moment::Leave, Reaction::TargetErrorAfterApply { code: 500 }),
        3 => (Moment::Leave, Reaction::TargetError { code: 403 }),
        4 => (Moment::Leave, Reaction::TargetError { code: 429 }),
        5 => {
            let kind = dice.choice(odd).unwrap_or(LeaveReplyKind::Empty);
            (Moment::Leave, Reaction::LeaveReply { kind, applied: dice.bool() })
        }
        6 => (Moment::Leave, Reaction::SilenceAfterApply),
        7 => (Moment::Leave, Reaction::Silence),
        8 => (Moment::Login, Reaction::Drop),
        9 => (Moment::Login, Reaction::Failure { reason: 503, expire: None }),
        10 => (Moment::Login, Reaction::Failure { reason: 402, expire: Some(dice.u64(1..600)) }),
        11 => (Moment::Metadata, Reaction::Drop),
        12 => (
            Moment::Metadata,
            Reaction::IqError { code: 429, text: "rate-overlimit".to_owned(), backoff: Some(30) },
        ),
        13 => (Moment::Invite, Reaction::Drop),
        14 => (Moment::Leave, Reaction::ThenStreamError(StreamErrorKind::Replaced)),
        15 => (Moment::Leave, Reaction::Noise),
        16 => (Moment::AnyIq, Reaction::SilenceAfterApply),
        _ => (Moment::ClientHello, Reaction::Drop),
    };
    Fault::new(moment, reaction)
}
