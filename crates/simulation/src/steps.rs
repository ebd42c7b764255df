//! What a world is put through: a list that is drawn first, so that steps can be left out.

mod asks;
mod server;

use std::time::Duration;

use asks::{again, ask, command, identifier, queue, trouble};
use fastrand::Rng;
pub(crate) use server::Refuses;
use server::server;
use whatsapp_simulator::{Fault, Rank};

use crate::machine::Trouble;
use crate::weights::Weights;
use crate::world::{ATTACHED, COMMUNITY, INSTANCES, groups};

/// One request, one operator's act, or one disturbance.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its place in the list, whatever is left out of it.
    pub(crate) number: u64,
    pub(crate) what: What,
    /// The next one does not wait for it; so long until then, in milliseconds.
    pub(crate) overlap: Option<u64>,
    /// Where it is a run that freezes, its lease ends meanwhile.
    pub(crate) takeover: Option<Takeover>,
}

/// What happens while a run is frozen, and its lease ends.
#[derive(Debug, Clone)]
pub(crate) struct Takeover {
    /// Somebody adds an instance to a group again.
    pub(crate) rejoins: Option<(usize, String)>,
    /// Another request of the same session.
    pub(crate) rival: Option<Ask>,
}

impl Step {
    /// What happens to a run that freezes for so long that another one takes its lease.
    pub(crate) fn takes_over(&self) -> Option<&Takeover> {
        let trouble = match &self.what {
            What::Leave(ask) | What::Command(_, ask) | What::Queue(_, ask) => ask.trouble,
            What::Operate(_, _, hand) => hand.trouble,
            _ => return None,
        };
        self.takeover.as_ref().filter(|_| trouble.freeze.is_some())
    }
}

/// What a step is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A request over HTTP.
    Leave(Ask),
    /// Half a day later the same is asked again.
    Later(i64, Ask),
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
    /// So many leaves of other groups have no outcome, and so many had none once: as if as many
    /// runs had crashed before.
    Crowd(usize, usize, usize),
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
    Delete,
    DeleteAndLink,
    Unblock,
    /// The instance's own token is revoked, and another one issued.
    RenewToken,
}

/// How an operator's machine is.
#[derive(Debug, Clone)]
pub(crate) struct Hand {
    pub(crate) skew: i64,
    pub(crate) trouble: Trouble,
    /// Nothing befalls its calls and connections.
    pub(crate) is_calm: bool,
    pub(crate) server: Option<Fault>,
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
    /// Another program logs in with the same device, and hangs up.
    Program,
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

/// In milliseconds.
const HOUR: i64 = 60 * 60 * 1_000;

/// Draws one step. `asked` are requests that were drawn before.
pub(crate) fn draw(number: u64, dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Step {
    let what = match weighted(dice, &weights.steps) {
        0 => command(dice, weights, asked),
        1 => {
            let hand = Hand {
                skew: skew(dice),
                trouble: trouble(dice, weights),
                is_calm: !weights.operator.strikes(dice),
                server: weights.server.strikes(dice).then(|| server(dice)),
            };
            What::Operate(dice.usize(0..INSTANCES.len()), act(dice), hand)
        }
        2 => others(dice, weights),
        3 => What::Time(Time::PastTheLease),
        4 => What::Time(match dice.u8(0..5) {
            0 => Time::By(dice.i64(-120_000..300_000)),
            1 => Time::AboutADay(dice.i64(-7_000..1_000)),
            2 => Time::By(dice.i64(11 * HOUR..23 * HOUR)),
            3 if weights.rare.strikes(dice) => Time::By(dice.i64(24 * HOUR..160 * HOUR)),
            _ => Time::By(dice.i64(1_000..60_000)),
        }),
        5 => What::Environment(skew(dice)),
        6 => queue(dice, weights, asked),
        9 => {
            let ask = again(dice, weights, asked);
            let hours = if dice.u8(0..4) > 0 { 11..14 } else { 24..170 };
            What::Later(dice.i64(hours.start * HOUR..hours.end * HOUR), ask)
        }
        8 if weights.rare.strikes(dice) => {
            let open = dice.choice([0, 60, 97, 100]).unwrap_or(0);
            What::Crowd(dice.usize(0..INSTANCES.len()), open, dice.usize(0..90))
        }
        7 => What::Check(Ask { key: None, ..ask(dice, weights, asked) }),
        _ => What::Leave(ask(dice, weights, asked)),
    };
    let takeover = weights.takeover.strikes(dice).then(|| takeover(&what, dice, weights)).flatten();
    let overlap = weights.overlap.strikes(dice).then(|| dice.u64(0..60));
    Step { number, what, overlap, takeover }
}

/// What happens while the run of a step is frozen, if it is.
fn takeover(what: &What, dice: &mut Rng, weights: &Weights) -> Option<Takeover> {
    let (instance, key, named) = match what {
        What::Leave(ask) | What::Command(_, ask) | What::Queue(_, ask) => {
            (ask.instance, ask.key, ask.identifier.clone())
        }
        What::Operate(instance, ..) => (*instance, None, identifier(dice)),
        _ => return None,
    };
    let identifier = match dice.u8(0..8) {
        0..=4 => named.clone(),
        5 => COMMUNITY.to_owned(),
        _ => identifier(dice),
    };
    let rival = Ask {
        key,
        server: dice.bool().then(|| server(dice)),
        trouble: Trouble { freeze: None, ..trouble(dice, weights) },
        ..Ask::plain(instance, &identifier)
    };
    let rejoins = (dice.u8(0..3) == 0).then_some((instance, named));
    Some(Takeover { rejoins, rival: (dice.u8(0..4) > 0).then_some(rival) })
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
        5 if rare => (group, Other::Program),
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
        Act::Delete,
        Act::Unblock,
        Act::RenewToken,
        Act::RenewToken,
    ];
    dice.choice(acts).unwrap_or(Act::Sync)
}
