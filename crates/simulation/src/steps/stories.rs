//! What takes several steps in a row that would rarely come by chance: each story is a
//! sequence whose end depends on its beginning. Its steps are steps like any other, met by the
//! same troubles, with others between them.

mod orders;

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use whatsapp_simulator::{Fault, Moment, Reaction};

use super::asks::{identifier, spelled};
use super::server::{banned, gone, refused, throttled, unheard};
use super::{Act, Ask, Hand, Other, Step, Takeover, Time, What};
use crate::machine::Trouble;
use crate::world::{COMMUNITY, INSTANCES, PLAIN, SUBGROUPS};

/// In milliseconds.
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Long enough for an act to end while another one is frozen, in milliseconds.
const MEANWHILE: u64 = 3_000;

/// Steps to come. Their numbers are given to them when they come.
pub(super) type Story = VecDeque<Step>;

/// One of the stories.
pub(super) fn story(dice: &mut Rng) -> Story {
    let told = Telling { instance: dice.usize(0..INSTANCES.len()), jid: PLAIN[dice.usize(0..3)] };
    // Its device may be gone by now.
    let linked = told.operate(Act::Relink, Trouble::default());
    let steps = match dice.u8(0..13) {
        0 => told.lost_and_old(dice),
        1 => told.lost_and_blocked(dice),
        2 => told.deletion_that_is_cut(dice),
        3 => told.deletion_that_is_slow(dice),
        4 => told.settling_that_fails(dice),
        5 => told.subgroup_and_community(dice),
        6 => told.denial_that_is_late(dice),
        7 => told.long_order(dice),
        8 => told.order_that_is_slow(dice),
        9 => told.twice_at_once(dice),
        10 => told.device_that_goes(dice),
        11 => told.community_that_fails(dice),
        _ => told.order_that_is_stopped(dice),
    };
    std::iter::once(linked).chain(steps).collect()
}

/// Whom a story is about.
struct Telling {
    instance: usize,
    jid: &'static str,
}

fn step(what: What) -> Step {
    Step { number: 0, what, overlap: None, takeover: None, rests: false }
}

impl Telling {
    fn ask(&self, dice: &mut Rng) -> Ask {
        Ask::plain(self.instance, &spelled(dice, self.jid))
    }

    fn leave(&self, dice: &mut Rng) -> Step {
        step(What::Leave(self.ask(dice)))
    }

    /// A request that WhatsApp answers so.
    fn odd(&self, dice: &mut Rng, fault: Fault) -> Step {
        step(What::Leave(Ask { server: vec![fault], ..self.ask(dice) }))
    }

    /// The group is left, or may be, and nobody hears of it.
    fn lost(&self, dice: &mut Rng) -> Step {
        let mut ask = self.ask(dice);
        if dice.u8(0..3) == 0 {
            ask.trouble.crash = Some(dice.u32(8..18));
        } else {
            ask.server = vec![unheard(dice)];
        }
        step(What::Leave(ask))
    }

    fn others(&self, other: Other) -> Step {
        step(What::Others(self.instance, self.jid, other))
    }

    fn operate(&self, act: Act, trouble: Trouble) -> Step {
        step(What::Operate(self.instance, act, Hand { trouble, ..Hand::calm() }))
    }

    /// An operator's act while other things are under way.
    fn meanwhile(&self, act: Act) -> Step {
        Step { overlap: Some(MEANWHILE), ..self.operate(act, Trouble::default()) }
    }

    /// A lost leave, another attempt, and the day that the first one counts is over: where the
    /// other changed nothing nobody left since, and where it is lost too it counts.
    fn lost_and_old(&self, dice: &mut Rng) -> Vec<Step> {
        let again = match dice.u8(0..4) {
            0 => {
                let fault = refused(dice);
                vec![self.odd(dice, fault), self.others(Other::Remove)]
            }
            1 => vec![self.lost(dice)],
            _ => {
                // With its leave written down anew, the lease ends before it is sent.
                let mut ask = self.ask(dice);
                ask.trouble.freeze = Some((dice.u32(8..20), Duration::from_secs(32)));
                vec![step(What::Leave(ask)), self.others(Other::Remove)]
            }
        };
        let mut steps = vec![
            self.others(Other::Add),
            self.lost(dice),
            self.others(Other::Add),
            step(What::Time(Time::By(dice.i64(20 * HOUR..23 * HOUR)))),
        ];
        steps.extend(again);
        steps.push(step(What::Time(Time::By(dice.i64(5 * HOUR..20 * HOUR)))));
        steps.push(self.leave(dice));
        steps
    }

    /// A lost leave, and a ban or a throttling that outlasts the day.
    fn lost_and_blocked(&self, dice: &mut Rng) -> Vec<Step> {
        let days = dice.u64(1..7);
        let blocked = if dice.u8(0..3) > 0 { banned(days * 86_400) } else { throttled(dice) };
        let hours = i64::try_from(days * 24).unwrap_or_default() + dice.i64(1..22);
        // Who asks for the same hears that nobody knows; who asks for another one, how long.
        let other = if dice.bool() { self.jid.to_owned() } else { identifier(dice) };
        let other = Ask { server: vec![blocked], ..Ask::plain(self.instance, &other) };
        vec![
            self.others(Other::Add),
            self.lost(dice),
            step(What::Leave(other)),
            step(What::Leave(Ask::plain(self.instance, &identifier(dice)))),
            step(What::Time(Time::By(hours * HOUR))),
            self.leave(dice),
        ]
    }

    /// The device is gone, mostly with a lost leave open, and another one is linked.
    fn device_that_goes(&self, dice: &mut Rng) -> Vec<Step> {
        let before = if dice.u8(0..3) > 0 { self.lost(dice) } else { self.leave(dice) };
        let fault = gone(dice);
        let asks = [self.odd(dice, fault), self.leave(dice)];
        let relinked = self.operate(Act::Relink, Trouble::default());
        let asks = asks.into_iter().chain([relinked, self.leave(dice)]);
        [self.others(Other::Add), before].into_iter().chain(asks).collect()
    }

    /// A community is left, WhatsApp says that it failed, and it may not be asked again.
    fn community_that_fails(&self, dice: &mut Rng) -> Vec<Step> {
        let of_all = Self { jid: COMMUNITY, ..*self };
        let fault = Fault::new(Moment::Leave, Reaction::TargetErrorAfterApply { code: 500 });
        let mut ask = Ask { server: vec![fault], ..of_all.ask(dice) };
        ask.trouble.freeze = Some((dice.u32(8..20), Duration::from_secs(32)));
        vec![of_all.others(Other::Add), step(What::Leave(ask)), of_all.leave(dice)]
    }

    /// A deletion that is cut short, and a new device under the name.
    fn deletion_that_is_cut(&self, dice: &mut Rng) -> Vec<Step> {
        let keyed = Ask { key: Some(dice.u8(0..3)), ..self.ask(dice) };
        let (cut, outage) =
            if dice.bool() { (Some(dice.u32(2..24)), None) } else { (None, Some(dice.u32(1..8))) };
        let trouble = Trouble { crash: cut, outage, ..Trouble::default() };
        let act = *dice.choice(&[Act::Relink, Act::LinkByQr, Act::Import]).unwrap_or(&Act::Relink);
        vec![
            step(What::Leave(keyed.clone())),
            self.others(Other::Add),
            self.operate(Act::Sync, Trouble::default()),
            self.operate(Act::Delete, trouble),
            if dice.bool() { self.leave(dice) } else { step(What::Leave(keyed.clone())) },
            self.operate(act, Trouble::default()),
            self.others(Other::Remove),
            self.lost(dice),
            self.leave(dice),
            step(What::Leave(keyed)),
        ]
    }

    /// A deletion that stands still, while a new device is linked under the name.
    fn deletion_that_is_slow(&self, dice: &mut Rng) -> Vec<Step> {
        let freeze = Some((dice.u32(4..40), Duration::from_secs(70)));
        let trouble = Trouble { freeze, ..Trouble::default() };
        let deletion = self.operate(Act::Delete, trouble);
        vec![
            self.operate(Act::Sync, Trouble::default()),
            Step { overlap: Some(MEANWHILE), ..deletion },
            self.meanwhile(Act::Relink),
            self.meanwhile(Act::Sync),
            Step { overlap: Some(MEANWHILE), ..self.lost(dice) },
            self.leave(dice),
        ]
    }

    /// What is found out cannot be written down.
    fn settling_that_fails(&self, dice: &mut Rng) -> Vec<Step> {
        let mut ask = self.ask(dice);
        ask.trouble.outage = Some(dice.u32(2..6));
        let before = if dice.bool() { self.lost(dice) } else { self.others(Other::Remove) };
        vec![self.others(Other::Add), before, step(What::Leave(ask)), self.leave(dice)]
    }

    /// A subgroup's leave is lost, and then its community is left.
    fn subgroup_and_community(&self, dice: &mut Rng) -> Vec<Step> {
        let subgroup = SUBGROUPS[dice.usize(0..SUBGROUPS.len())];
        let (of_it, of_all) = (Self { jid: subgroup, ..*self }, Self { jid: COMMUNITY, ..*self });
        let mut taking = of_all.leave(dice);
        if let (What::Leave(ask), true) = (&mut taking.what, dice.bool()) {
            // Between the leave and its settling, another run takes the lease.
            ask.trouble.freeze = Some((dice.u32(10..24), Duration::from_secs(70)));
            let rival = Some(Ask::plain(self.instance, &identifier(dice)));
            taking.takeover = Some(Takeover { rejoins: None, rival, sets_back: false });
        }
        vec![
            self.operate(Act::Sync, Trouble::default()),
            of_it.others(Other::Add),
            of_all.others(Other::Add),
            of_it.lost(dice),
            taking,
            of_it.leave(dice),
        ]
    }

    /// A run that hears that we are out is frozen then; somebody adds us, and another run
    /// leaves.
    fn denial_that_is_late(&self, dice: &mut Rng) -> Vec<Step> {
        let mut late = self.ask(dice);
        late.trouble.freeze = Some((dice.u32(8..20), Duration::from_secs(70)));
        let takeover = Takeover {
            rejoins: Some((self.instance, self.jid.to_owned())),
            rival: Some(self.ask(dice)),
            sets_back: false,
        };
        let late = Step { takeover: Some(takeover), ..step(What::Leave(late)) };
        vec![self.others(Other::Remove), late, self.leave(dice)]
    }

    /// A request with a key, and the same while it is under way.
    fn twice_at_once(&self, dice: &mut Rng) -> Vec<Step> {
        let ask = Ask { key: Some(dice.u8(0..3)), ..self.ask(dice) };
        let first = step(What::Leave(ask.clone()));
        let first = Step { overlap: Some(dice.u64(0..60)), ..first };
        vec![self.others(Other::Add), first, step(What::Leave(ask))]
    }
}
