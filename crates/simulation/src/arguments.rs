//! What the simulation is told on its command line.

use std::time::Duration;

use domain::breakable::Rule;

use crate::world::Broken;

/// Steps of one seed, unless told otherwise: what a world begins and ends with is as much work
/// as some forty of them.
const STEPS: u64 = 120;

#[allow(clippy::struct_excessive_bools, reason = "each is a word of its own")]
pub(crate) struct Arguments {
    pub(crate) seed: Option<u64>,
    pub(crate) steps: u64,
    pub(crate) length: Option<Duration>,
    pub(crate) is_traced: bool,
    pub(crate) shows_coverage: bool,
    /// The rule that is broken on purpose.
    pub(crate) broken: Option<Rule>,
    /// Failures are told as they are, and not made small.
    pub(crate) is_large: bool,
    /// Only tells which rules can be broken.
    pub(crate) lists_rules: bool,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Broken> {
        let mut found = Self {
            seed: None,
            steps: STEPS,
            length: None,
            is_traced: false,
            shows_coverage: false,
            broken: None,
            is_large: false,
            lists_rules: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} takes a value"));
            let mut number = || -> Result<u64, Broken> { Ok(value()?.parse()?) };
            match word.as_str() {
                "--seed" => found.seed = Some(number()?),
                "--steps" => found.steps = number()?,
                "--large" => found.is_large = true,
                "--minutes" => {
                    found.length = Some(Duration::from_secs(number()?.saturating_mul(60)));
                }
                "--seconds" => found.length = Some(Duration::from_secs(number()?)),
                "--coverage" => found.shows_coverage = true,
                "--trace" => found.is_traced = true,
                "--break" => found.broken = Some(rule(&value()?)?),
                "--breakable" => found.lists_rules = true,
                _ => return Err(format!("{word} is not understood").into()),
            }
        }
        if found.steps == 0 {
            return Err("no steps, nothing to find".into());
        }
        Ok(found)
    }
}

fn rule(name: &str) -> Result<Rule, Broken> {
    let named = Rule::ALL.iter().find(|rule| rule.name() == name);
    Ok(*named.ok_or_else(|| format!("{name} is no rule that can be broken: see --breakable"))?)
}
