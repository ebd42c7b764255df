//! Requests: who asks for what, named how, and what befalls the run.

use std::time::Duration;

use fastrand::Rng;

use super::server::{odd, odds};
use super::{Ask, Bearer, Message, What};
use crate::machine::Trouble;
use crate::weights::Weights;
use crate::world::{ANNOUNCEMENT, COMMUNITY, INSTANCES, NOWHERE, PLAIN, SUBGROUPS, groups};

pub(super) fn ask(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Ask {
    // Mostly a request of just before, as clients repeat them.
    let recent = asked.len().saturating_sub(if dice.u8(0..4) > 0 { 3 } else { asked.len() });
    let earlier =
        weights.repeat.strikes(dice).then(|| dice.choice(asked[recent..].iter())).flatten();
    let mut ask = match earlier {
        Some(earlier) => earlier.clone(),
        None => Ask {
            key: weights.key.strikes(dice).then(|| dice.u8(0..3)),
            bearer: bearer(dice, weights),
            ..Ask::plain(dice.usize(0..INSTANCES.len()), &identifier(dice))
        },
    };
    ask.remaining =
        Duration::from_millis(dice.choice([29_000, 29_000, 6_000, 2_500]).unwrap_or(29_000));
    ask.trouble = trouble(dice, weights);
    ask.server = odds(dice, weights.server);
    asked.push(ask.clone());
    ask
}

/// The request of just before, once more; often nothing comes of it either.
pub(super) fn again(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Ask {
    let new = ask(dice, weights, asked);
    let before = asked.len().checked_sub(2).and_then(|last| asked.get(last));
    let ask = before.map_or_else(
        || new.clone(),
        |before| Ask {
            remaining: Duration::from_secs(29),
            trouble: Trouble::default(),
            server: if dice.bool() { vec![odd(dice)] } else { Vec::new() },
            ..before.clone()
        },
    );
    asked.push(ask.clone());
    ask
}

fn bearer(dice: &mut Rng, weights: &Weights) -> Bearer {
    if weights.stranger.strikes(dice) {
        let strangers = [Bearer::Former, Bearer::Neighbour, Bearer::Nobody];
        return dice.choice(strangers).unwrap_or(Bearer::Nobody);
    }
    if weights.own_token.strikes(dice) { Bearer::Own } else { Bearer::Account }
}

pub(super) fn command(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> What {
    let ask = Ask { key: None, ..ask(dice, weights, asked) };
    let mut identifiers = several(dice, 5);
    if weights.long.strikes(dice) {
        // More than are resolved in one portion; most lead nowhere.
        let at = dice.usize(0..=identifiers.len());
        identifiers.splice(at..at, nowhere());
    }
    What::Command(identifiers, ask)
}

/// More invites than are looked at in one go, which lead nowhere.
pub(super) fn nowhere() -> impl Iterator<Item = String> {
    (0..42).map(|number| format!("InviteCodeOfNothing{number:02}"))
}

/// At most `most` identifiers of few groups, so that one is named twice.
fn several(dice: &mut Rng, most: usize) -> Vec<String> {
    let some: Vec<_> = (0..dice.usize(1..=3)).map(|_| jid(dice)).collect();
    let identifiers = (0..dice.usize(1..=most)).map(|_| {
        let jid = dice.choice(some.iter().copied()).unwrap_or(PLAIN[0]);
        spelled(dice, jid)
    });
    identifiers.collect()
}

pub(super) fn queue(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> What {
    let ask = Ask { key: None, ..ask(dice, weights, asked) };
    let messages = (0..dice.usize(1..=4)).map(|_| Message {
        instance: dice.usize(0..INSTANCES.len()),
        identifiers: several(dice, 3),
    });
    What::Queue(messages.collect(), ask)
}

pub(super) fn identifier(dice: &mut Rng) -> String {
    let jid = jid(dice);
    spelled(dice, jid)
}

pub(super) fn jid(dice: &mut Rng) -> &'static str {
    match dice.u8(0..16) {
        0..=8 => PLAIN[dice.usize(0..PLAIN.len())],
        9..=11 => SUBGROUPS[dice.usize(0..SUBGROUPS.len())],
        12 | 13 => COMMUNITY,
        14 => ANNOUNCEMENT,
        _ => NOWHERE,
    }
}

/// A group as callers name it.
pub(super) fn spelled(dice: &mut Rng, jid: &str) -> String {
    let code = groups().find(|(group, _)| *group == jid).map(|(_, code)| code);
    match (dice.u8(0..8), code) {
        (0, Some(code)) => code,
        (1, Some(code)) => format!("https://chat.whatsapp.com/{code}"),
        (2, _) => jid.trim_end_matches("@g.us").to_owned(),
        _ => jid.to_owned(),
    }
}

pub(super) fn trouble(dice: &mut Rng, weights: &Weights) -> Trouble {
    let crash = weights.crash.strikes(dice).then(|| poll(dice));
    let freeze = weights.freeze.strikes(dice).then(|| {
        let long = dice.choice([800, 6_000, 24_000, 31_000, 70_000]).unwrap_or(800);
        (poll(dice), Duration::from_millis(long))
    });
    let outage = weights.outage.strikes(dice).then(|| dice.u32(1..8));
    Trouble { crash, freeze, outage }
}

/// A poll of a run: mostly one that a plain leave has, some 16 of them.
fn poll(dice: &mut Rng) -> u32 {
    if dice.u8(0..4) > 0 { dice.u32(2..18) } else { dice.u32(1..60) }
}
