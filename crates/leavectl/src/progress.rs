//! Bars and spinners on stderr, when it is a terminal; `indicatif` draws nothing
//! elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

/// What is quicker shows nothing.
const SHOWN_AFTER: Duration = Duration::from_millis(700);
/// Between two turns of a spinner.
const TURN: Duration = Duration::from_millis(100);

/// Waits for `work`, and says what it is waited for when it takes longer.
pub(crate) fn during<T>(what: &str, work: impl Future<Output = T>) -> impl Future<Output = T> {
    // Boxed here, so that a command's future has a connection's only once.
    let mut work = Box::pin(work);
    async move {
        if let Ok(done) = tokio::time::timeout(SHOWN_AFTER, &mut work).await {
            return done;
        }
        let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
        spinner.set_draw_target(target());
        spinner.enable_steady_tick(TURN);
        let done = work.await;
        spinner.finish_and_clear();
        done
    }
}

/// A program that reads JSON finds errors there, and nothing else.
fn target() -> ProgressDrawTarget {
    if output::is_for_a_program() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}

/// A bar for `what`, which is drawn once its length is known.
pub(crate) fn bar(what: &str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_message(what.to_owned());
    bar.set_draw_target(target());
    match ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
