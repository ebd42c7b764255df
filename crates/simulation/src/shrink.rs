//! A failure made small: steps are left out, then troubles, while the same rule is broken.
//! What happens within a step is drawn from its own number, so the others stay as they were.

use crate::machine::Trouble;
use crate::run;
use crate::steps::{Hand, Step, Takeover, What};
use crate::weights::{Chance, Weights};
use crate::world::Broken;

/// Most runs that are spent on one failure.
const MOST: usize = 400;

/// The smallest list of steps that was found to break the rule `label` still.
pub(crate) fn shrink(
    seed: u64,
    steps: Vec<Step>,
    weights: Weights,
    label: &'static str,
) -> Result<(Vec<Step>, Weights), Broken> {
    let mut search = Search { seed, label, left: MOST };
    let mut best = (steps, weights);
    // Halves, quarters, and at last single steps.
    let mut length = best.0.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < best.0.len() {
            let end = (at + length).min(best.0.len());
            let fewer: Vec<Step> = [&best.0[..at], &best.0[end..]].concat();
            if search.breaks(&fewer, &best.1)? {
                best.0 = fewer;
            } else {
                at = end;
            }
        }
        if length == 1 {
            break;
        }
        length = length.div_ceil(2);
    }
    for index in 0..best.0.len() {
        for simpler in simpler(&best.0[index]) {
            let mut steps = best.0.clone();
            steps[index] = simpler;
            if search.breaks(&steps, &best.1)? {
                best.0 = steps;
            }
        }
    }
    let without: [fn(&mut Weights); 2] =
        [|weights| weights.call = Chance::NEVER, |weights| weights.connection = Chance::NEVER];
    for change in without {
        let mut weights = best.1.clone();
        change(&mut weights);
        if search.breaks(&best.0, &weights)? {
            best.1 = weights;
        }
    }
    Ok(best)
}

struct Search {
    seed: u64,
    label: &'static str,
    left: usize,
}

impl Search {
    fn breaks(&mut self, steps: &[Step], weights: &Weights) -> Result<bool, Broken> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let outcome = run(self.seed, steps.to_vec(), weights.clone())?;
        Ok(outcome.wrong.is_some_and(|wrong| wrong.label == self.label))
    }
}

/// The same step with one thing less.
fn simpler(step: &Step) -> Vec<Step> {
    let mut found = Vec::new();
    if step.overlap.is_some() {
        found.push(Step { overlap: None, ..step.clone() });
    }
    if let Some((takeover, rival)) = step.takeover.as_ref().map(|it| (it, it.rival.clone())) {
        found.push(Step { takeover: None, ..step.clone() });
        if let Some(rival) = rival.filter(|rival| !rival.server.is_empty()) {
            let rival = Some(crate::steps::Ask { server: Vec::new(), ..rival });
            let takeover = Takeover { rival, ..takeover.clone() };
            found.push(Step { takeover: Some(takeover), ..step.clone() });
        }
    }
    if let What::Operate(instance, act, hand) = &step.what {
        let calm = Hand::calm();
        if hand.trouble != calm.trouble || !hand.server.is_empty() || !hand.is_calm {
            found.push(Step { what: What::Operate(*instance, *act, calm), ..step.clone() });
        }
    }
    if let What::Leave(ask)
    | What::Command(_, ask)
    | What::Queue(_, ask)
    | What::Later(_, ask)
    | What::Check(ask) = &step.what
    {
        let mut changed = Vec::new();
        if !ask.server.is_empty() {
            changed.push(crate::steps::Ask { server: Vec::new(), ..ask.clone() });
        }
        if ask.trouble != Trouble::default() {
            changed.push(crate::steps::Ask { trouble: Trouble::default(), ..ask.clone() });
        }
        if ask.key.is_some() {
            changed.push(crate::steps::Ask { key: None, ..ask.clone() });
        }
        for ask in changed {
            let what = match &step.what {
                What::Command(identifiers, _) => What::Command(identifiers.clone(), ask),
                What::Queue(messages, _) => What::Queue(messages.clone(), ask),
                What::Later(by, _) => What::Later(*by, ask),
                What::Check(_) => What::Check(ask),
                _ => What::Leave(ask),
            };
            found.push(Step { what, ..step.clone() });
        }
    }
    found
}
