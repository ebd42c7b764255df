//! One JSON object per line on stdout, which Lambda hands to the log group.

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends this crate's events at `level` and above to stdout.
///
/// Only the library's and the binary's: at TRACE the runtime logs the whole event, its token
/// included, and the HTTP and TLS stacks log what passes through them.
/// Setting up twice keeps the first.
pub fn install(level: Level) {
    let ours = Targets::new()
        .with_target("leave_group", LevelFilter::from_level(level))
        .with_target("bootstrap", LevelFilter::from_level(level));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}
