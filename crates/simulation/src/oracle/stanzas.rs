//! What a run said to WhatsApp.

use std::time::Duration;

use whatsapp_simulator::{Direction, Record, Stanza};

use super::run::{ONE_PORTION, Run};
use super::said::heard;
use super::{State, Wrong};
use crate::tame;

/// How long a stanza is under way at most, and an answer to it.
const UNDER_WAY: Duration = Duration::from_millis(20);

/// What clocks may differ by, in milliseconds.
const APART: u64 = 4_000;
/// What is kept of a lease for clocks that differ, in milliseconds.
const KEPT_APART: u64 = 5_000;
/// Longest that a run works under one lease, and what is under way, in milliseconds.
const LONGEST_LEASE: u64 = 25_000 + 100;
/// How late a call may be answered, in milliseconds.
const A_LATE_CALL: u128 = 8_000;
/// A run of this length has all of what is kept back, in milliseconds.
const LONG: u64 = 6_000;
/// What is kept back of a run for settling, in milliseconds.
const KEPT: u64 = 1_500;

impl State {
    /// Whether a group was asked to be left twice by one run that nothing kept from hearing
    /// what became of it.
    pub(super) fn judged_by_repetition(&self, run: &Run) -> Option<Wrong> {
        let is_certain = run.is_plain() && !self.is_crossed(run) && !self.has_any_script(run);
        let group = run.sent_again.iter().next().filter(|_| is_certain)?;
        Some(Wrong { label: "sent-twice", what: format!("{group}: {run:?}") })
    }

    /// Notes which groups a run asked about, and which it asked to leave.
    pub(super) fn look_at_stanzas(&mut self, at: usize, record: &Record) {
        let run = &mut self.runs[at];
        let groups: std::collections::BTreeSet<String> = run.groups.iter().cloned().collect();
        run.heard = heard(its(run, record));
        for stanza in its(run, record).filter(|it| it.direction == Direction::Received) {
            let name = stanza.name();
            if name != "leave" && name != "query" {
                continue;
            }
            let text = format!("{:?}", stanza.node);
            let named =
                groups.iter().filter(|group| text.contains(group.trim_end_matches("@g.us")));
            let named: Vec<String> = named.cloned().collect();
            if name == "leave" {
                for group in named {
                    if !run.sent.insert(group.clone()) {
                        run.sent_again.insert(group);
                    }
                }
            } else {
                run.looked_at.extend(named);
            }
        }
    }

    /// Whether a run that was told to stay away said nothing more.
    pub(super) fn judged_by_stanzas(&self, run: &Run, record: &Record) -> Option<Wrong> {
        if run.is_queued {
            return None;
        }
        if let Some(wrong) = self.late(run, record) {
            return Some(wrong);
        }
        // What was said may not have been heard.
        if run.has_trouble || !run.seen.met.is_empty() {
            return None;
        }
        let told_off = its(run, record)
            .find(|stanza| stanza.direction == Direction::Sent && is_throttling(stanza))?;
        let later = its(run, record).find(|stanza| {
            stanza.direction == Direction::Received
                && stanza.tag() == "iq"
                && stanza.at > told_off.at + UNDER_WAY
                // What ends a stream is heard by nobody who has closed it.
                && (told_off.tag() != "stream:error" || stanza.connection == told_off.connection)
        })?;
        let what = format!("{:?} after {:?}", later.node, told_off.node);
        Some(Wrong { label: "asked-on", what })
    }

    /// Whether a run logged in, or asked to leave, when its lease had ended; or asked to leave when
    /// no answer could come any more.
    fn late(&self, run: &Run, record: &Record) -> Option<Wrong> {
        // A lease ends when its time is over, and when it is by the clock, whichever is first.
        let is_moved = run.moved_began != run.moved_ended;
        // What is under way for long was said before the clocks moved.
        let is_exact = !is_moved || run.seen.met.is_empty();
        its(run, record).find_map(|stanza| {
            let at = tame::elapsed_at(stanza.at);
            let lease = run.leases.iter().rfind(|lease| lease.at <= at);
            let by_clock = lease.map(|lease| (lease.until + APART).saturating_sub(KEPT_APART));
            let by_time = lease.map(|lease| lease.at + LONGEST_LEASE);
            let of_the_world = run.world_began + at.saturating_sub(run.began);
            let of_the_world =
                of_the_world.saturating_add_signed(self.moved_by(at) - run.moved_began);
            let is_login = stanza.direction == Direction::Sent && stanza.tag() == "success";
            let is_leave = stanza.direction == Direction::Received && stanza.name() == "leave";
            let is_over = by_time.is_some_and(|ends| at > ends)
                || by_clock.is_some_and(|ends| is_exact && of_the_world > ends);
            let is_late = (is_login || is_leave) && is_over;
            let left = (run.began + run.had).saturating_sub(at);
            // Half of what is kept for a reply, and what is kept for settling.
            let leased = lease.map_or(run.began, |lease| lease.at);
            let late = if run.seen.met.is_empty() { UNDER_WAY.as_millis() } else { A_LATE_CALL };
            let late = u64::try_from(late).unwrap_or_default() + leased.saturating_sub(run.began);
            let least = KEPT + run.had.saturating_sub(KEPT + late).min(12_000) / 8;
            // A later portion of a long command has a part of what is left.
            let may_be_short = run.has_trouble || run.had < LONG || run.groups.len() > ONE_PORTION;
            let label = match (is_late, is_leave && left < least && !may_be_short && !is_moved) {
                (true, _) => {
                    if is_login {
                        "late-login"
                    } else {
                        "late-leave"
                    }
                }
                (false, true) => "no-time",
                (false, false) => return None,
            };
            Some(Wrong { label, what: format!("{left} ms were left: {:?}", stanza.node) })
        })
    }

    /// What the clocks had been moved by when something was said that arrived then.
    fn moved_by(&self, at: u64) -> i64 {
        let until =
            |at: u64| self.moves.iter().rfind(|(moved, _)| *moved <= at).map_or(0, |it| it.1);
        let said = at.saturating_sub(u64::try_from(UNDER_WAY.as_millis()).unwrap_or_default());
        let meanwhile = self.moves.iter().filter(|(moved, _)| (said..=at).contains(moved));
        meanwhile.map(|(_, by)| *by).chain([until(said), until(at)]).min().unwrap_or_default()
    }
}

fn its<'a>(run: &Run, record: &'a Record) -> impl Iterator<Item = &'a Stanza> + use<'a> {
    let (connections, phone) = (run.seen.connections.clone(), run.phone());
    record.stanzas.iter().filter(move |stanza| {
        connections.contains(&stanza.connection) && stanza.device.starts_with(phone)
    })
}

/// Whether a reply says that we are throttled.
fn is_throttling(stanza: &Stanza) -> bool {
    format!("{:?}", stanza.node).contains("String(\"429\")")
}
