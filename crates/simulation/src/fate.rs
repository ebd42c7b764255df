//! What happens at each turn, drawn from the seed, the step and the turn's number within it:
//! a step that is taken out leaves the others as they were.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;

/// What is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A call to `DynamoDB`.
    Call,
    /// A connection to WhatsApp.
    Connection,
    /// A piece of bytes on one.
    Piece,
}

const KINDS: usize = 3;

#[derive(Default)]
struct State {
    step: u64,
    turns: [u64; KINDS],
}

/// The one source of what happens. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Fates {
    seed: u64,
    state: Arc<Mutex<State>>,
}

impl Fates {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on turns are of this step.
    pub(crate) fn step(&self, step: u64) {
        *self.state() = State { step, turns: [0; KINDS] };
    }

    /// The dice of the next turn of a kind.
    pub(crate) fn next(&self, kind: Kind) -> Rng {
        let mut state = self.state();
        let turn = state.turns[kind as usize];
        state.turns[kind as usize] += 1;
        Rng::with_seed(mixed(&[self.seed, state.step, kind as u64, turn]))
    }
}

/// One number out of several.
pub(crate) fn mixed(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243f_6a88_85a3_08d3, |mixed: u64, part| {
        let mut mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
        mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    })
}
