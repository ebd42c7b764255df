//! The terminal that stdout is: how large it is, what it can do, and how wide text is on it.

use std::io::{IsTerminal, Write};

use console::Term;

/// Columns and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
}

/// How large it is; nothing where stdout is no terminal, or one that does not tell.
pub(crate) fn size() -> Option<Size> {
    let term = Term::stdout();
    if !term.is_term() {
        return None;
    }
    let (lines, columns) = term.size_checked()?;
    Some(Size { columns: columns.into(), lines: lines.into() })
}

/// Whether it neither has colours nor moves its cursor: `TERM=dumb`, or no `TERM` at all.
pub(crate) fn is_dumb() -> bool {
    console::is_dumb()
}

/// Whether notes are seen on it too.
pub(crate) fn has_notes() -> bool {
    std::io::stderr().is_terminal()
}

/// Columns that `text` takes: two for a wide character, none for a mark upon another one.
pub(crate) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// Lines that `text` takes where there are so many columns.
pub(crate) fn lines(text: &str, columns: usize) -> usize {
    text.lines().map(|line| width(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// Moves the cursor up by so many lines, and clears everything from there on.
pub(crate) fn take_back(lines: usize) -> std::io::Result<()> {
    if lines == 0 {
        return Ok(());
    }
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "\u{1b}[{lines}A\r\u{1b}[J")?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_is_what_a_terminal_draws() {
        for (text, columns) in [("", 0), ("abc", 3), ("群", 2), ("e\u{301}", 1), ("🎉!", 3)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_they_wrap() {
        assert_eq!(lines("abc", 3), 1);
        assert_eq!(lines("abcd\n\nab", 3), 4);
        assert_eq!(lines("", 3), 0);
    }
}
