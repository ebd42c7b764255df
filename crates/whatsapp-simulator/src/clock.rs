//! The time, as this wire has it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as every timestamp on this wire.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
