//! Times, as people write and read them.

use std::str::FromStr;
use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use domain::clock::UnixMillis;

/// In UTC, to the second: `2027-01-31T00:00:00Z`.
pub(crate) fn shown(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_else(|_| at.to_string())
}

/// How long it is, for people.
pub(crate) fn length(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

/// A moment that may be missing, for people.
pub(crate) fn or_dash(at: Option<UnixMillis>) -> String {
    at.map_or_else(|| "-".to_owned(), shown)
}

/// 9999-12-31T23:59:59Z: what is later cannot be written as a moment.
const LATEST: UnixMillis = UnixMillis(253_402_300_799_000);

/// When a token ends, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// So long from now.
    In(Duration),
    /// At this moment.
    At(UnixMillis),
}

/// The text is no such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnExpiry {
    /// Minutes to some, months to others.
    #[error("m may be minutes or months: write 30min, or 90d")]
    Ambiguous,
    /// Anything else.
    #[error(
        "expected a span like 90d, 12h or 30min (units: min, h, d, w), a day like 2027-01-31 (its \
         beginning, in UTC), or a moment like 2027-01-31T18:00:00Z"
    )]
    Other,
}

impl FromStr for Expiry {
    type Err = NotAnExpiry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(span) = span(text)? {
            return Ok(Self::In(span));
        }
        let moment = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
        let moment =
            DateTime::from_str(&moment, Format::DateTime).map_err(|_| NotAnExpiry::Other)?;
        let millis = moment.to_millis().ok().and_then(|millis| u64::try_from(millis).ok());
        Ok(Self::At(UnixMillis(millis.ok_or(NotAnExpiry::Other)?)))
    }
}

/// A span of time; nothing where the text is no number with a unit.
fn span(text: &str) -> Result<Option<Duration>, NotAnExpiry> {
    let (number, unit) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let Some(number) = number.parse::<u32>().ok().filter(|number| *number > 0) else {
        return Ok(None);
    };
    let seconds = match unit {
        "min" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        "m" => return Err(NotAnExpiry::Ambiguous),
        _ => return Ok(None),
    };
    Ok(Some(Duration::from_secs(u64::from(number) * seconds)))
}

impl Expiry {
    /// The moment, when it is still to come at `now`, and in a year of four digits.
    pub(crate) fn after(self, now: UnixMillis) -> Option<UnixMillis> {
        let at = match self {
            Self::In(span) => now.plus(span),
            Self::At(at) => at,
        };
        (at > now && at <= LATEST).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_days_and_moments_are_read_and_nothing_else() {
        assert_eq!("90d".parse(), Ok(Expiry::In(Duration::from_hours(90 * 24))));
        assert_eq!("2w".parse(), Ok(Expiry::In(Duration::from_hours(14 * 24))));
        assert_eq!("30min".parse(), Ok(Expiry::In(Duration::from_mins(30))));
        assert_eq!("3m".parse::<Expiry>(), Err(NotAnExpiry::Ambiguous));
        assert_eq!("1970-01-02".parse(), Ok(Expiry::At(UnixMillis(86_400_000))));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Expiry::At(UnixMillis(1_000))));
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "90",
            "1.5h",
            "soon",
            "2027-13-01",
            "1969-12-31",
            "é",
            "3mi",
            "é3d",
        ] {
            assert_eq!(text.parse::<Expiry>(), Err(NotAnExpiry::Other), "{text}");
        }
    }

    #[test]
    fn what_is_past_is_none() {
        let now = UnixMillis(1_000);
        assert_eq!(Expiry::At(now).after(now), None);
        assert_eq!(Expiry::In(Duration::from_secs(1)).after(now), Some(UnixMillis(2_000)));
        assert_eq!(shown(UnixMillis(86_400_999)), "1970-01-02T00:00:00Z");
    }
}
