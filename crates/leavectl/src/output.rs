//! Lines for people, JSON for programs.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::json::Refusal;
use crate::{terminal, visible};

pub(crate) use crate::columns::Columns;
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
    match write(text) {
        // Whoever read has read enough: `leavectl … | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// The same where nobody may have read enough: it is shown this once.
pub(crate) fn raw_in_full(text: &str) -> Result<(), Failure> {
    Ok(write(text)?)
}

/// As [`json`] is to [`raw`].
pub(crate) fn json_in_full(value: &impl Serialize) -> Result<(), Failure> {
    raw_in_full(&visible::json(&serde_json::to_string(value)?))
}

fn write(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush())
}

/// A note on stderr for people: stdout is for what was asked for.
pub(crate) fn note(text: &str) {
    if !is_for_a_program() && !text.is_empty() {
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

/// `text` in a colour, when stdout is a terminal that has colours and `NO_COLOR` is not
/// set (<https://no-color.org>).
pub(crate) fn coloured(text: &str, colour: Colour) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if refused || terminal::is_dumb() || !std::io::stdout().is_terminal() {
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

/// A cell that may be empty.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}
