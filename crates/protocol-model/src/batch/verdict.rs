//! Settling: what each verdict writes, and what is said then.

use super::action::Order;
use super::state::{Answer, CLOSING, GROUPS, Owed, Run, Slot, Stage, State, Verdict};
use super::{Batches, Promise, Rule};
use crate::delivery::Delivery;
use crate::group::Told;
use crate::lease::RunId;

impl Batches {
    /// One fenced transaction, and the answer after it.
    pub(super) fn settle(&self, next: &mut State, id: RunId, how: Delivery) {
        if how != Delivery::Answered {
            next.budget.losses -= 1;
        }
        let before = *next;
        let run = before.runs[id];
        let is_written = how != Delivery::RequestLost && next.is_leased_to(id);
        let is_known = is_written && how == Delivery::Answered;
        if is_written {
            next.lease = None;
            for group in 0..GROUPS {
                for verdict in self.verdicts(&run, group) {
                    self.write(next, id, group, verdict);
                }
            }
            self.write_linked(next, id, &run);
        }
        for group in 0..GROUPS {
            let answers = self.verdicts(&run, group).map(|verdict| {
                let is_false = |told| told == Told::Owed || !run.ghost[group].was_out;
                match verdict {
                    Verdict::Confirmed => Answer::Left { is_recovered: false },
                    Verdict::Recovered(told) if is_known => {
                        if !before.groups[group].ghost.credit && told != Told::Excused {
                            next.broken.add(Promise::SuccessIsEarned);
                        }
                        Answer::Left { is_recovered: true }
                    }
                    Verdict::NotMember(told) if is_known => {
                        Answer::NotMember { is_false: is_false(told) }
                    }
                    Verdict::Recovered(_) | Verdict::NotMember(_) | Verdict::Open => Answer::Open,
                    Verdict::NotSent | Verdict::Unresolved => Answer::NotSent,
                }
            });
            let answers: Vec<Answer> = answers.collect();
            let owed = &mut next.groups[group].ghost.owed;
            if *owed == Owed::Settled(id) && !is_known {
                // Settled, and the run does not know it: the answer is lost.
                *owed = Owed::Nothing;
            }
            self.answer(next, id, group, &answers);
            let was_confirmed = run.each().any(|(target, slot)| {
                target.group == group && slot == Slot::Ended(Verdict::Confirmed)
            });
            let is_success = |answer: &Answer| matches!(answer, Answer::Left { .. });
            if was_confirmed && !answers.iter().any(is_success) {
                next.broken.add(Promise::NoSuccessIsLost);
            }
        }
        next.runs[id].end(Stage::Done);
    }

    /// The verdicts on a group, of which there is one while the rule is kept.
    fn verdicts(&self, run: &Run, group: usize) -> impl Iterator<Item = Verdict> + use<> {
        let named = run.each().filter(|(target, _)| target.group == group);
        let mut verdicts: Vec<Verdict> = named
            .filter_map(|(_, slot)| match slot {
                // Nobody knows which group an unresolved one is.
                Slot::Ended(verdict) => Some(verdict).filter(|it| *it != Verdict::Unresolved),
                Slot::Unused
                | Slot::Waiting
                | Slot::Ready
                | Slot::Sent
                | Slot::Left
                | Slot::Absent(_) => None,
            })
            .collect();
        if self.rules.keep(Rule::OneVerdictInOneRun) {
            verdicts.sort_by_key(|verdict| self.rank(*verdict));
            verdicts.truncate(1);
        }
        verdicts.into_iter()
    }

    fn rank(&self, verdict: Verdict) -> u8 {
        match verdict {
            Verdict::Confirmed if self.rules.keep(Rule::ConfirmedWins) => 0,
            Verdict::Open if self.rules.keep(Rule::OpenWins) => 1,
            Verdict::Recovered(_) => 2,
            Verdict::NotMember(_) => 3,
            Verdict::NotSent | Verdict::Unresolved => 4,
            Verdict::Open | Verdict::Confirmed => 5,
        }
    }

    fn write(&self, next: &mut State, id: RunId, group: usize, verdict: Verdict) {
        match verdict {
            Verdict::Confirmed | Verdict::Recovered(_) | Verdict::NotMember(_) => {
                next.groups[group].row = false;
                next.groups[group].intent = None;
                for run in &mut next.runs {
                    run.ghost[group].open = false;
                }
                let ghost = &mut next.groups[group].ghost;
                ghost.credit = false;
                if ghost.owed == Owed::Open {
                    ghost.owed = Owed::Settled(id);
                }
            }
            Verdict::NotSent => {
                let stored = &mut next.groups[group];
                stored.intent = stored.intent.filter(|by| *by != self.owner(id));
                next.runs[id].ghost[group].open = false;
            }
            Verdict::Open => {
                let ghost = &mut next.runs[id].ghost[group];
                ghost.open &= !ghost.unsent;
            }
            Verdict::Unresolved => {}
        }
    }

    /// The groups that went with a community: those whose rows name it.
    fn write_linked(&self, next: &mut State, id: RunId, run: &Run) {
        let is_left = |verdict| matches!(verdict, Verdict::Confirmed | Verdict::Recovered(_));
        if !self.is_community(1) || !self.verdicts(run, 1).any(is_left) {
            return;
        }
        let is_open_target = self.verdicts(run, 0).any(|verdict| verdict == Verdict::Open);
        let stored = &mut next.groups[0];
        if !stored.row {
            return;
        }
        let spares = |rule| stored.intent.is_some() && self.rules.keep(rule);
        let (intent, row) = if is_open_target {
            let is_spared = spares(Rule::LinkedTargetSpared);
            (is_spared, is_spared)
        } else {
            (spares(Rule::LinkedIntentSpared), spares(Rule::LinkedRowSpared))
        };
        stored.intent = stored.intent.filter(|_| intent);
        stored.row &= row;
        if stored.intent.is_none() {
            stored.ghost.credit = false;
            next.runs[id].ghost[0].open = false;
        }
    }

    /// Says what there is to say of a group, once its whole command is done.
    fn answer(&self, next: &mut State, id: RunId, group: usize, answers: &[Answer]) {
        let mut answers = answers.to_vec();
        if self.is_cut() && id == 0 {
            next.runs[id].said[group] = answers.first().copied();
            return;
        }
        let is_second = self.is_cut() && id == 1;
        if is_second {
            answers.extend(next.runs[0].said[group].take());
            if self.rules.keep(Rule::OneVerdictInOneCommand) {
                answers.sort_by_key(|answer| self.rank_said(*answer));
                answers.truncate(1);
            }
        }
        let kind = |answer: &Answer| std::mem::discriminant(answer);
        if answers.windows(2).any(|pair| kind(&pair[0]) != kind(&pair[1])) {
            next.broken.add(Promise::OneVerdict);
        }
        if answers.contains(&(Answer::NotMember { is_false: true })) {
            next.broken.add(Promise::NotFoundIsTrue);
        }
        let is_success = |answer: &Answer| matches!(answer, Answer::Left { .. });
        let owed = &mut next.groups[group].ghost.owed;
        let is_ours = |run: RunId| run == id || (is_second && run == 0);
        if answers.iter().any(is_success) {
            *owed = Owed::Nothing;
        } else if matches!(*owed, Owed::Settled(run) if is_ours(run)) {
            // The notes are used up, and nobody was told.
            *owed = Owed::Open;
        }
    }

    fn rank_said(&self, answer: Answer) -> u8 {
        let settled = self.rules.keep(Rule::SettledSuccessWins);
        match answer {
            Answer::Left { is_recovered } if settled || !is_recovered => 0,
            Answer::Open => 1,
            Answer::Left { .. } => 2,
            Answer::NotMember { .. } => 3,
            Answer::NotSent => 4,
        }
    }

    /// A command that stops takes what its first run settled with it.
    pub(super) fn forget_command(&self, next: &mut State, id: RunId) {
        if !self.is_cut() || id != 1 {
            return;
        }
        next.runs[0].said = [None; GROUPS];
        for group in &mut next.groups {
            if group.ghost.owed == Owed::Settled(0) {
                group.ghost.owed = Owed::Nothing;
            }
        }
    }
}

/// After the undisturbed runs of a plan.
pub(super) fn judge_end(state: &mut State, plan: &[Order]) {
    let targets = plan.iter().flat_map(|order| order.iter());
    let mut is_clean = state.lease.is_none();
    for target in targets {
        let stored = &state.groups[target.group];
        is_clean &= stored.intent.is_none() && stored.row == stored.is_member();
        if stored.is_member() {
            state.broken.add(Promise::UndisturbedIsDecided);
        }
    }
    if !is_clean || state.runs[CLOSING].stage != Stage::Done {
        state.broken.add(Promise::NothingIsLeft);
    }
}
