//! What a world is put through: a list that is drawn first, so that steps can be left out.

mod server;

use std::time::Duration;

use fastrand::Rng;
pub(crate) use server::Refuses;
use server::server;
use whatsapp_simulator::{Fault, Rank};

use crate::machine::Trouble;
use crate::weights::Weights;
use crate::world::{
    ANNOUNCEMENT, ATTACHED, COMMUNITY, INSTANCES, NOWHERE, PLAIN, SUBGROUPS, groups,
};

/// One request, one operator's act, or one disturbance.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its place in the list, whatever is left out of it.
    pub(crate) number: u64,
    pub(crate) what: What,
    /// The next one does not wait for it; so long until then, in milliseconds.
    pub(crate) overlap: Option<u64>,
    /// Where it is a run that freezes, its lease ends meanwhile.
    pub(crate) takeover: bool,
}

impl Step {
    /// Whether a run freezes for so long that another one takes its lease.
    pub(crate) fn takes_over(&self) -> bool {
        let (What::Leave(ask) | What::Command(_, ask) | What::Queue(_, ask)) = &self.what else {
            return false;
        };
        self.takeover && ask.trouble.freeze.is_some()
    }
}

/// What a step is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A request over HTTP.
    Leave(Ask),
    /// A typed command.
    Command(Vec<String>, Ask),
    /// Messages of a queue.
    Queue(Vec<Message>, Ask),
    /// The schedule's check of the sessions that are due.
    Check(Ask),
    /// An operator's act on an instance.
    Operate(usize, Act, Hand),
    /// Somebody does something to the account of an instance, or to a group.
    Others(usize, &'static str, Other),
    /// Clocks move.
    Time(Time),
    /// An environment ends; a new one has a clock of its own.
    Environment(i64),
}

/// Whose token a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// The account's.
    Account,
    /// The instance's own, with a small limit.
    Own,
    /// One of the instance's that was revoked.
    Former,
    /// That of another instance of the account.
    Neighbour,
    /// One that was never issued.
    Nobody,
}

/// A request that leaves.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) instance: usize,
    pub(crate) identifier: String,
    pub(crate) key: Option<u8>,
    pub(crate) bearer: Bearer,
    pub(crate) remaining: Duration,
    pub(crate) trouble: Trouble,
    pub(crate) server: Option<Fault>,
}

impl Ask {
    /// A plain one, which nothing befalls.
    pub(crate) fn plain(instance: usize, identifier: &str) -> Self {
        Self {
            instance,
            identifier: identifier.to_owned(),
            key: None,
            bearer: Bearer::Account,
            remaining: Duration::from_secs(29),
            trouble: Trouble::default(),
            server: None,
        }
    }
}

/// A message of a queue: a command to leave.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) instance: usize,
    pub(crate) identifiers: Vec<String>,
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Sync,
    Rotate,
    Prune,
    SetProxy(bool),
    Check,
    /// The device is linked anew, and stored as it is.
    Relink,
    /// The same, and tried before it is stored.
    Import,
    /// A QR code is scanned.
    LinkByQr,
    DeleteAndLink,
    Unblock,
    /// The instance's own token is revoked, and another one issued.
    RenewToken,
}

/// How an operator's machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hand {
    pub(crate) skew: i64,
    pub(crate) trouble: Trouble,
    /// Nothing befalls its calls and connections.
    pub(crate) is_calm: bool,
}

/// What others do at WhatsApp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Add,
    Remove,
    /// The account gets a rank in the group; as the community's owner it cannot leave it.
    Rank(Rank),
    /// A plain group becomes one of the community's, or is one no more.
    Attach(bool),
    /// The group's invite is revoked.
    RevokeInvite,
    /// Somebody removes the devices on the phone.
    Unlink,
    /// Messages wait for the device.
    Write,
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
        1 => {
            let hand = Hand {
                skew: skew(dice),
                trouble: trouble(dice, weights),
                is_calm: !weights.operator.strikes(dice),
            };
            What::Operate(dice.usize(0..INSTANCES.len()), act(dice), hand)
        }
        2 => others(dice, weights),
        3 => What::Time(Time::PastTheLease),
        4 => What::Time(match dice.u8(0..3) {
            0 => Time::By(dice.i64(-120_000..300_000)),
            1 => Time::AboutADay(dice.i64(-7_000..1_000)),
            _ => Time::By(dice.i64(1_000..60_000)),
        }),
        5 => What::Environment(skew(dice)),
        6 => queue(dice, weights, asked),
        7 => What::Check(Ask { key: None, ..ask(dice, weights, asked) }),
        _ => What::Leave(ask(dice, weights, asked)),
    };
    let takeover = weights.takeover.strikes(dice);
    let overlap = weights.overlap.strikes(dice).then(|| dice.u64(0..60));
    Step { number, what, overlap, takeover }
}

fn skew(dice: &mut Rng) -> i64 {
    dice.choice([0, 1_500, -1_500, 4_000, -4_000, 90_000, -90_000]).unwrap_or_default()
}

fn others(dice: &mut Rng, weights: &Weights) -> What {
    let instance = dice.usize(0..INSTANCES.len());
    let group = dice.choice(groups().map(|it| it.0).collect::<Vec<_>>()).unwrap_or(COMMUNITY);
    let rare = weights.rare.strikes(dice);
    let (group, other) = match dice.u8(0..6) {
        0 if rare => {
            let rank = dice.choice([Rank::Admin, Rank::Superadmin, Rank::Member]);
            (
                dice.choice([group, COMMUNITY]).unwrap_or(group),
                Other::Rank(rank.unwrap_or(Rank::Admin)),
            )
        }
        1 if rare => (ATTACHED, Other::Attach(dice.bool())),
        2 if rare => (group, Other::RevokeInvite),
        3 if rare => (group, Other::Unlink),
        4 if rare => (group, Other::Write),
        _ => (group, if dice.bool() { Other::Add } else { Other::Remove }),
    };
    What::Others(instance, group, other)
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
        Act::Sync,
        Act::Rotate,
        Act::Prune,
        Act::SetProxy(true),
        Act::SetProxy(false),
        Act::Check,
        Act::Check,
        Act::Relink,
        Act::Import,
        Act::LinkByQr,
        Act::DeleteAndLink,
        Act::Unblock,
        Act::RenewToken,
        Act::RenewToken,
    ];
    dice.choice(acts).unwrap_or(Act::Sync)
}

fn ask(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Ask {
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
    ask.server = weights.server.strikes(dice).then(|| server(dice));
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

fn command(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> What {
    let ask = Ask { key: None, ..ask(dice, weights, asked) };
    What::Command(several(dice, 5), ask)
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

fn queue(dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> What {
    let ask = Ask { key: None, ..ask(dice, weights, asked) };
    let messages = (0..dice.usize(1..=4)).map(|_| Message {
        instance: dice.usize(0..INSTANCES.len()),
        identifiers: several(dice, 3),
    });
    What::Queue(messages.collect(), ask)
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
