//! How long WhatsApp says that it will not listen, and how much of it is obeyed.
//!
//! `expire` of a ban and `backoff` of a refused question are seconds. Nothing
//! WhatsApp (or who speaks in its place) says locks an instance for ever: a
//! value that looks like a date is read as one, and the rest is capped. These are
//! all the bounds there are; the values as they came are in the log.

use std::fmt;
use std::num::IntErrorKind;
use std::time::Duration;

use domain::block::LONGEST_BLOCK;
use domain::broken;
use domain::clock::UnixMillis;

/// Longest throttling that is obeyed.
const LONGEST_THROTTLE: Duration = Duration::from_hours(1);
/// How long a ban without a usable `expire` is taken to last.
const BAN_WITHOUT_END: Duration = Duration::from_hours(1);
/// How long WhatsApp is left alone when it throttles without a usable `backoff`.
const THROTTLE_WITHOUT_END: Duration = Duration::from_mins(1);
/// From here on a value is a date in Unix seconds: 2001, and 31 years as a span.
const DATE_FROM: u64 = 1_000_000_000;
/// From here on a date is in milliseconds.
const DATE_IN_MILLIS_FROM: u64 = 1_000_000_000_000;

/// A waiting time as WhatsApp wrote it, not yet believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause(Option<u64>);

impl Pause {
    /// Out of an attribute. What is no number, or a negative one, is as if absent.
    pub fn read(attribute: Option<&str>) -> Self {
        let Some(text) = attribute else { return Self(None) };
        Self(match text.parse() {
            Ok(number) => Some(number),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(u64::MAX),
            Err(_) => None,
        })
    }

    /// A span of so many seconds, unless it is a date.
    pub fn seconds(told: u64) -> Self {
        Self(Some(told))
    }

    /// How long a ban is obeyed.
    pub fn ban(self, now: UnixMillis) -> Duration {
        let longest = broken!(BanIsBounded => LONGEST_BLOCK * 52; LONGEST_BLOCK);
        self.span(now).unwrap_or(BAN_WITHOUT_END).min(longest)
    }

    /// How long throttling is obeyed.
    pub fn throttle(self, now: UnixMillis) -> Duration {
        let longest = broken!(ThrottleIsBounded => LONGEST_BLOCK; LONGEST_THROTTLE);
        self.span(now).unwrap_or(THROTTLE_WITHOUT_END).min(longest)
    }

    /// A span of nothing, or until a date that is past, is as if absent: WhatsApp
    /// refused just now.
    fn span(self, now: UnixMillis) -> Option<Duration> {
        let told = self.0?;
        let span = match told {
            DATE_IN_MILLIS_FROM.. => UnixMillis(told).since(now),
            DATE_FROM.. => UnixMillis(told.saturating_mul(1000)).since(now),
            _ => Duration::from_secs(told),
        };
        (!span.is_zero()).then_some(span)
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(told) => write!(f, "{told}"),
            None => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    #[test]
    fn spans_are_seconds_and_capped() {
        for (text, ban, throttle) in [
            ("30", 30, 30),
            ("5400", 5_400, 3_600),
            ("999999999", 604_800, 3_600),
            ("18446744073709551615", 604_800, 3_600),
            ("99999999999999999999999", 604_800, 3_600),
        ] {
            let told = Pause::read(Some(text));
            assert_eq!(told.ban(NOW).as_secs(), ban, "{text}");
            assert_eq!(told.throttle(NOW).as_secs(), throttle, "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_date_is_one() {
        for date in ["1790000090", "1790000090000"] {
            let told = Pause::read(Some(date));
            assert_eq!(told.ban(NOW).as_secs(), 90, "{date}");
            assert_eq!(told.throttle(NOW).as_secs(), 90, "{date}");
        }
    }

    #[test]
    fn what_is_no_time_to_come_is_as_if_absent() {
        for text in [None, Some(""), Some("-1"), Some("soon"), Some("0"), Some("1780000000")] {
            let told = Pause::read(text);
            assert_eq!(told.ban(NOW), BAN_WITHOUT_END, "{text:?}");
            assert_eq!(told.throttle(NOW), THROTTLE_WITHOUT_END, "{text:?}");
        }
    }
}
