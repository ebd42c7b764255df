//! What the function says in its log: a line for each request.

use std::sync::{Arc, Mutex, PoisonError};

use leave_group::report::Reporter;
use serde_json::Value;

/// The lines of every environment. Clones are the same ones.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Value>>>);

impl Lines {
    /// Where an environment's lines go.
    pub(crate) fn reporter(&self) -> Reporter {
        let lines = self.clone();
        Reporter::to("leave-group".to_owned(), move |line| {
            let line = serde_json::from_str(line).unwrap_or_default();
            lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        })
    }

    /// Takes the lines of a request.
    pub(crate) fn take(&self, request_id: &str) -> Vec<Value> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = std::mem::take(&mut *lines)
            .into_iter()
            .partition(|line| line["request_id"] == request_id);
        *lines = left;
        taken
    }
}
