//! One JSON object per line on stdout, which Lambda hands to the log group.

use std::borrow::Cow;
use std::io::{self, Stdout, Write};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Longest line, in bytes. CloudWatch cut events at 256 KB for long, and what reads
/// logs behind it still does.
pub const LONGEST_LINE: usize = 256 * 1024;
/// Longest text of others that a line quotes, in bytes.
const LONGEST_TEXT: usize = 1024;

/// Whose events are written: the binary's and the libraries' that it is made of.
const OURS: [&str; 6] = ["bootstrap", "leave_group", "operation", "store", "whatsapp", "domain"];

/// Sends our own events at `level` and above to stdout.
///
/// Only our own: at TRACE the runtime logs the whole event, its token
/// included, and the HTTP and TLS stacks log what passes through them.
/// Setting up twice keeps the first.
pub fn install(level: Level) {
    let level = LevelFilter::from_level(level);
    let ours = Targets::new().with_targets(OURS.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(|| Lines(io::stdout()));
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}

/// `text`, cut where it is longer than a line should quote.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_TEXT {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(LONGEST_TEXT)]))
}

/// Writes lines that are not longer than [`LONGEST_LINE`]. A whole line comes in one
/// call; of one that is longer there is a line that says so.
struct Lines<W = Stdout>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.len() <= LONGEST_LINE {
            self.0.write_all(line)?;
        } else {
            let begin = String::from_utf8_lossy(line.get(..LONGEST_TEXT).unwrap_or_default());
            let said = serde_json::json!({
                "level": "ERROR",
                "message": "a line was too long",
                "bytes": line.len(),
                "begin": begin,
            });
            writeln!(self.0, "{said}")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_replaced_by_one_that_says_so() {
        let mut written = Lines(Vec::new());
        let longest = "x".repeat(LONGEST_LINE);
        written.write_all(longest.as_bytes()).unwrap();
        assert_eq!(written.0, longest.as_bytes());
        written.0.clear();
        written.write_all(format!("{{\"message\":\"\u{1f600}{longest}\"}}\n").as_bytes()).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&written.0).unwrap();
        assert_eq!(line["bytes"], LONGEST_LINE + 19);
        assert!(written.0.len() < 8 * LONGEST_TEXT, "{}", written.0.len());
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        assert_eq!(shortened("as it is"), "as it is");
        let long = format!("x{}", "é".repeat(LONGEST_TEXT));
        let cut = shortened(&long);
        assert!(cut.ends_with("é…") && cut.len() <= LONGEST_TEXT + '…'.len_utf8(), "{}", cut.len());
    }
}
