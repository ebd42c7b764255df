//! One step, drawn.

use fastrand::Rng;
use whatsapp_simulator::Rank;

use super::asks::{again, ask, command, identifier, queue, trouble};
use super::server::{odd, odds};
use super::stories::{Story, story};
use super::{Act, Ask, Hand, Other, Step, Takeover, Time, What};
use crate::machine::Trouble;
use crate::weights::Weights;
use crate::world::{ATTACHED, COMMUNITY, INSTANCES, groups};

/// In milliseconds.
const HOUR: i64 = 60 * 60 * 1_000;

/// Draws steps, one after the other.
pub(crate) struct Draw<'a> {
    weights: &'a Weights,
    /// Requests that were drawn before.
    asked: Vec<Ask>,
    /// What goes on of what was begun.
    story: Story,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(weights: &'a Weights) -> Self {
        Self { weights, asked: Vec::new(), story: Story::new() }
    }

    /// The next step.
    pub(crate) fn step(&mut self, number: u64, dice: &mut Rng) -> Step {
        if self.story.is_empty() && self.weights.story.strikes(dice) {
            self.story = story(dice);
        }
        // Mostly one follows the other.
        let next = if dice.u8(0..8) > 0 { self.story.pop_front() } else { None };
        match next {
            Some(step) => Step { number, ..step },
            None => draw(number, dice, self.weights, &mut self.asked),
        }
    }
}

fn draw(number: u64, dice: &mut Rng, weights: &Weights, asked: &mut Vec<Ask>) -> Step {
    let what = match weighted(dice, &weights.steps) {
        0 => command(dice, weights, asked),
        1 => {
            let hand = Hand {
                skew: skew(dice),
                trouble: trouble(dice, weights),
                is_calm: !weights.operator.strikes(dice),
                server: odds(dice, weights.server),
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
    // Hours that go by within a run of seconds are not of this world, and hide what is wrong.
    let rests = what.is_long() && dice.u8(0..8) > 0;
    Step { number, what, overlap, takeover, rests }
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
        server: if dice.bool() { vec![odd(dice)] } else { Vec::new() },
        trouble: Trouble { freeze: None, ..trouble(dice, weights) },
        ..Ask::plain(instance, &identifier)
    };
    let rejoins = (dice.u8(0..3) == 0).then_some((instance, named));
    let rival = (dice.u8(0..4) > 0).then_some(rival);
    Some(Takeover { rejoins, rival, sets_back: dice.u8(0..6) == 0 })
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
