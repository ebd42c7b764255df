//! A rule is broken on purpose, and the simulation has to find it: what proves that it finds
//! things.

use std::io::Write;
use std::time::Instant;

use domain::breakable::Rule;

use crate::arguments::Arguments;
use crate::world::Broken;
use crate::{drawn, run_breaking};

/// Walks seeds with `rule` broken, until one of them is found wrong. The last line that is
/// written is the rule's row in the table of `docs/reliability.md`. Returns whether it was
/// found.
pub(crate) fn hunt(
    rule: Rule,
    arguments: &Arguments,
    out: &mut impl Write,
) -> Result<bool, Broken> {
    let began = Instant::now();
    let mut seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 48));
    let mut steps = 0;
    let label = loop {
        let (list, weights) = drawn(seed, arguments.steps);
        let outcome = run_breaking(Some(rule), seed, list, weights)?;
        steps += outcome.steps;
        if arguments.is_traced {
            for line in &outcome.trace {
                writeln!(out, "{line}")?;
            }
        }
        if let Some(found) = outcome.wrong {
            writeln!(out, "WRONG {} {}", found.label, found.what)?;
            writeln!(
                out,
                "again: cargo run --release -p simulation -- --break {} --seed {seed} --steps {} --trace",
                rule.name(),
                arguments.steps
            )?;
            break Some(found.label);
        }
        seed = seed.wrapping_add(1);
        if arguments.length.is_none_or(|length| began.elapsed() >= length) {
            break None;
        }
    };
    let told = label.map_or_else(|| "not found".to_owned(), |label| format!("`{label}`"));
    writeln!(out, "| `{}` | {} | {told} | {steps} |", rule.name(), rule.breaks())?;
    Ok(label.is_some())
}
