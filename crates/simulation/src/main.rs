//! The shipped code under one seed: see the README beside this crate.

mod arguments;
mod call_fault;
mod coverage;
mod database;
mod director;
mod fate;
mod hunt;
mod lines;
mod machine;
mod network;
mod oracle;
mod shrink;
mod stand;
mod steps;
mod tame;
mod tokens;
mod trace;
mod weights;
mod world;
mod written;

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use domain::breakable::{Rule, break_here};
use fastrand::Rng;

use crate::arguments::Arguments;
use crate::coverage::Coverage;
use crate::director::Outcome;
use crate::steps::{Draw, Step};
use crate::weights::Weights;
use crate::world::Broken;

/// A sixth of the time goes into getting memory and giving it back; with libc's it is more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The steps and weights of a seed.
fn drawn(seed: u64, count: u64) -> (Vec<Step>, Weights) {
    let mut dice = Rng::with_seed(fate::mixed(&[seed, 1]));
    let weights = Weights::draw(&mut dice);
    let mut draw = Draw::new(&weights);
    let steps = (0..count).map(|number| {
        let mut dice = Rng::with_seed(fate::mixed(&[seed, 2, number]));
        draw.step(number, &mut dice)
    });
    let steps = steps.collect();
    (steps, weights)
}

/// Runs steps in a thread of their own: what is seeded is the thread's.
fn run(seed: u64, steps: Vec<Step>, weights: Weights) -> Result<Outcome, Broken> {
    run_breaking(None, seed, steps, weights)
}

/// The same, with a rule broken on purpose: in that thread, and in no other.
fn run_breaking(
    broken: Option<Rule>,
    seed: u64,
    steps: Vec<Step>,
    weights: Weights,
) -> Result<Outcome, Broken> {
    let ran = std::thread::Builder::new().stack_size(16 << 20).spawn(move || {
        if let Some(rule) = broken {
            break_here(rule);
        }
        tame::tame(seed);
        fastrand::seed(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            tame::begin();
            director::run(seed, &steps, &weights).await
        })
    })?;
    ran.join().map_err(|_| "the simulation panicked")?
}

fn main() -> ExitCode {
    match simulate() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "simulation: {error}");
            ExitCode::from(2)
        }
    }
}

fn simulate() -> Result<bool, Broken> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut out = std::io::stdout().lock();
    if arguments.lists_rules {
        for rule in Rule::ALL {
            writeln!(out, "{}", rule.name())?;
        }
        return Ok(true);
    }
    if let Some(rule) = arguments.broken {
        return hunt::hunt(rule, &arguments, &mut out);
    }
    let began = Instant::now();
    let first = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 48));
    let (mut steps, mut wrong, mut seed, mut lasted) = (0, 0_u64, first, 0);
    let mut coverage = Coverage::default();
    loop {
        let (list, weights) = drawn(seed, arguments.steps);
        let outcome = run(seed, list.clone(), weights.clone())?;
        steps += outcome.steps;
        lasted += outcome.lasted;
        coverage.add(&outcome.coverage);
        if arguments.is_traced {
            for line in &outcome.trace {
                writeln!(out, "{line}")?;
            }
        }
        if let Some(found) = outcome.wrong {
            wrong += 1;
            writeln!(out, "WRONG {} {}", found.label, found.what)?;
            if !arguments.is_large {
                let (least, weights) = shrink::shrink(seed, list, weights, found.label)?;
                writeln!(out, "made small, {} steps:", least.len())?;
                for line in run(seed, least, weights)?.trace {
                    writeln!(out, "  {line}")?;
                }
            }
            writeln!(
                out,
                "again: cargo run --release -p simulation -- --seed {seed} --steps {} --trace",
                arguments.steps
            )?;
        }
        seed = seed.wrapping_add(1);
        let is_over = arguments.length.is_none_or(|length| began.elapsed() >= length);
        if is_over {
            break;
        }
    }
    if arguments.shows_coverage {
        writeln!(out, "{}", coverage.table())?;
        write!(out, "{}", coverage.acts())?;
    }
    write!(out, "{}", coverage.excuses())?;
    writeln!(out, "{} minutes of the world's own time", lasted / 60_000)?;
    writeln!(out, "seeds {first} to {}", seed.wrapping_sub(1))?;
    writeln!(out, "{steps} steps, {wrong} wrong")?;
    Ok(wrong == 0)
}
