//! Tables for people, JSON for programs.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::json::Refusal;
use crate::visible;

pub(crate) use crate::visible::printable;

/// Whether a program reads: then stderr has an error as JSON, and nothing else.
static IS_FOR_A_PROGRAM: AtomicBool = AtomicBool::new(false);

/// Takes it from the arguments, before `clap` reads them: what `clap` refuses is told to
/// the same reader.
pub(crate) fn choose(arguments: &[std::ffi::OsString]) {
    let flags = arguments.iter().take_while(|argument| *argument != "--");
    let json = flags.into_iter().any(|argument| argument == "--json");
    IS_FOR_A_PROGRAM.store(json, Ordering::Relaxed);
}

/// Whether a program reads.
pub(crate) fn is_for_a_program() -> bool {
    IS_FOR_A_PROGRAM.load(Ordering::Relaxed)
}

/// How a command shows what it read or did.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Format {
    /// Print one JSON object, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl Format {
    /// Shows `value` as JSON, or `lines` to people.
    pub(crate) fn show(self, value: &impl Serialize, lines: &str) -> Result<(), Failure> {
        if self.json { json(value) } else { line(lines.trim_end()) }
    }
}

/// One line, or several, on stdout, for people.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    raw(&visible::lines(text))
}

/// One JSON value on a line of its own.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    raw(&visible::json(&serde_json::to_string(value)?))
}

/// What a shell or another program reads, as it is.
pub(crate) fn raw(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        // Whoever read has read enough: `leavectl … | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// A note on stderr for people: stdout is for what was asked for.
pub(crate) fn note(text: &str) {
    if !is_for_a_program() {
        let _ = writeln!(std::io::stderr(), "{}", visible::lines(text));
    }
}

/// Why a command did not do what was asked, unless it was told already.
pub(crate) fn failure(failure: &Failure) {
    if !matches!(failure, Failure::Told(_)) {
        error(&failure.to_string(), "leavectl: ");
    }
}

/// An error on stderr: as JSON for a program, for people behind `who` speaks.
pub(crate) fn error(text: &str, who: &str) {
    if is_for_a_program() {
        let refusal = Refusal::new(text.to_owned());
        let json = serde_json::to_string(&refusal).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "{}", visible::json(&json));
    } else {
        note(&format!("{who}{text}"));
    }
}

/// A colour of a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Colour {
    Good,
    Bad,
    Doubtful,
    Heading,
}

/// `text` in a colour, when stdout is a terminal and `NO_COLOR` is not set
/// (<https://no-color.org>).
pub(crate) fn coloured(text: &str, colour: Colour) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if refused || !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Good => "32",
        Colour::Bad => "31",
        Colour::Doubtful => "33",
        Colour::Heading => "1",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Rows under headings, each column as wide as its widest cell.
pub(crate) struct Columns {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// The text; `none` when there are no rows.
    pub(crate) fn text(&self, none: &str) -> String {
        if self.rows.is_empty() {
            return none.to_owned();
        }
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
                widest.max(self.headings[column].len())
            })
            .collect();
        let headings: Vec<String> = self.headings.iter().map(ToString::to_string).collect();
        let mut lines = vec![coloured(&padded(&headings, &widths), Colour::Heading)];
        lines.extend(self.rows.iter().map(|row| padded(row, &widths)));
        lines.join("\n")
    }
}

fn padded(cells: &[String], widths: &[usize]) -> String {
    let cells = cells.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(cell.chars().count());
        format!("{cell}{}", " ".repeat(missing))
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// A cell that may be empty.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_end_without_spaces() {
        let mut columns = Columns::new(&["NAME", "NOTE"]);
        columns.row(["äöü".to_owned(), "x".to_owned()]);
        columns.row(["longer".to_owned(), String::new()]);
        assert_eq!(columns.text("none"), "NAME    NOTE\näöü     x\nlonger");
        assert_eq!(Columns::new(&["NAME"]).text("none"), "none");
    }

    #[test]
    fn a_table_stays_aligned_where_a_cell_has_what_cannot_be_seen() {
        let mut columns = Columns::new(&["NOTE", "END"]);
        columns.row(["a\u{202e}b\u{200b}".to_owned(), "x".to_owned()]);
        columns.row(["c\nd".to_owned(), "y".to_owned()]);
        let expected = "NOTE                END\na<U+202E>b<U+200B>  x\nc<U+000A>d          y";
        assert_eq!(columns.text("none"), expected);
    }
}
