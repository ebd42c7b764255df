//! What happened, line by line: the same for the same seed, byte for byte.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::tame;

/// The lines so far. Clones are the same trace.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    /// Notes a line, with the time since the world began in milliseconds.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let line = format!("{:>9} {}", tame::elapsed(), line());
        self.lines_mut().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines_mut().clone()
    }

    fn lines_mut(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
