//! Stories of a command that names many.

use std::time::Duration;

use fastrand::Rng;
use whatsapp_simulator::Moment;

use super::{Telling, step};
use crate::steps::asks::{identifier, jid, nowhere, spelled};
use crate::steps::server::{odd, silent, throttled};
use crate::steps::{Ask, Other, Step, What};
use crate::world::{COMMUNITY, groups};

/// What a run keeps back for settling.
const SETTLING: Duration = Duration::from_millis(1_500);

impl Telling {
    /// A command of more than is looked at in one go, which names a group at both ends.
    pub(super) fn long_order(&self, dice: &mut Rng) -> Vec<Step> {
        let mut identifiers = vec![spelled(dice, self.jid)];
        identifiers.extend(nowhere());
        identifiers.push(spelled(dice, self.jid));
        identifiers.push(identifier(dice));
        let mut ask = Ask::plain(self.instance, &identifiers[0]);
        if dice.u8(0..4) == 0 {
            ask.server = vec![odd(dice)];
        }
        vec![self.others(Other::Add), step(What::Command(identifiers, ask))]
    }

    /// A command whose questions take nearly all the time that they may, and whose first leave
    /// is not answered either: there is hardly any left for the second.
    pub(super) fn order_that_is_slow(&self, dice: &mut Rng) -> Vec<Step> {
        let silences = dice.usize(2..5);
        let mut identifiers: Vec<String> = nowhere().take(silences).collect();
        identifiers.extend([self.jid.to_owned(), COMMUNITY.to_owned()]);
        let mut ask = Ask::plain(self.instance, self.jid);
        ask.server = vec![silent(Moment::Invite); silences];
        ask.server.push(silent(Moment::Leave));
        // Each takes two seconds, and they end before the quarter that is kept for a reply.
        let spent = u64::try_from(silences).unwrap_or_default() * 2_000;
        let run = dice.u64(spent * 4 / 3..spent * 8 / 5);
        ask.remaining = Duration::from_millis(run) + SETTLING;
        vec![
            step(What::Others(self.instance, COMMUNITY, Other::Add)),
            self.others(Other::Add),
            step(What::Command(identifiers, ask)),
        ]
    }

    /// A command in the middle of which WhatsApp refuses, or says nothing any more.
    pub(super) fn order_that_is_stopped(&self, dice: &mut Rng) -> Vec<Step> {
        let some = (0..dice.usize(2..6)).map(|_| jid(dice)).collect::<Vec<_>>();
        let mut identifiers: Vec<String> =
            some.into_iter().map(|jid| by_invite(dice, jid)).collect();
        identifiers.push(COMMUNITY.to_owned());
        let mut ask = Ask::plain(self.instance, &identifiers[0]);
        if dice.bool() {
            ask.server = vec![throttled(dice)];
        } else {
            let moment = dice.choice([Moment::Leave, Moment::Metadata, Moment::Invite]);
            ask.server = vec![silent(moment.unwrap_or(Moment::Leave)); dice.usize(1..4)];
            ask.remaining = Duration::from_millis(dice.u64(6_000..16_000));
        }
        vec![
            step(What::Others(self.instance, COMMUNITY, Other::Add)),
            self.others(Other::Add),
            step(What::Command(identifiers, ask)),
        ]
    }
}

/// Mostly by the code of its invite: that is looked up.
fn by_invite(dice: &mut Rng, jid: &str) -> String {
    let code = groups().find(|(group, _)| *group == jid).map(|(_, code)| code);
    code.filter(|_| dice.u8(0..4) > 0).unwrap_or_else(|| jid.to_owned())
}
