//! A QR code on a terminal: drawn where it fits, and in place of the one before.

use std::cell::Cell;
use std::path::Path;

use crate::failure::Failure;
use crate::terminal::{self, Size};
use crate::{output, qr};

/// The code that is shown now.
pub(super) struct Drawing {
    /// Whether the terminal's cursor moves.
    moves: bool,
    /// Whether notes are on the same terminal.
    has_notes: bool,
    /// Nothing where something else was printed since, or the cursor does not move.
    shown: Cell<Option<Shown>>,
}

/// What the next code replaces.
#[derive(Clone, Copy)]
struct Shown {
    lines: usize,
    /// On a terminal of another size its lines have moved.
    size: Size,
}

/// A code to be scanned.
pub(super) struct Code<'a> {
    pub(super) text: &'a str,
    pub(super) seconds: u64,
    pub(super) number: usize,
    pub(super) of: usize,
    /// The picture of it, where one was asked for.
    pub(super) png: Option<&'a Path>,
}

/// What is to be printed.
#[derive(Debug, PartialEq, Eq)]
struct Printed {
    /// Lines to be taken back first.
    back: usize,
    code: Option<String>,
    note: String,
}

impl Drawing {
    /// On this process's terminal, if it has one.
    pub(super) fn new() -> Self {
        let moves = !terminal::is_dumb();
        Self { moves, has_notes: terminal::has_notes(), shown: Cell::new(None) }
    }

    /// Shows `code` in place of the one before.
    pub(super) fn show(&self, code: &Code<'_>) -> Result<(), Failure> {
        let drawn = qr::for_terminal(code.text)?;
        let Printed { back, code, note } = self.next(drawn, code, terminal::size());
        terminal::take_back(back)?;
        if let Some(code) = code {
            output::line(&code)?;
        }
        output::note(&note);
        Ok(())
    }

    /// Whether the next code takes the place of this one.
    pub(super) fn will_be_replaced(&self) -> bool {
        self.lines_back(terminal::size()) > 0
    }

    /// Something else is printed below: the next code does not replace this one.
    pub(super) fn leave(&self) {
        self.shown.set(None);
    }

    fn next(&self, drawn: String, code: &Code<'_>, size: Option<Size>) -> Printed {
        let caption = code.caption();
        let Some(size) = size else {
            return Printed { back: 0, code: Some(drawn), note: caption };
        };
        let noted = |note: &str| {
            if self.has_notes { terminal::lines(note, size.columns) } else { 0 }
        };
        let height = drawn.lines().count();
        let needed = Size {
            columns: drawn.lines().map(terminal::width).max().unwrap_or_default(),
            // The cursor has a line of its own at the end.
            lines: height + noted(&caption) + 1,
        };
        let back = self.lines_back(Some(size));
        let fits = needed.columns <= size.columns && needed.lines <= size.lines;
        let (code, note, lines) = if fits {
            let lines = height + noted(&caption);
            (Some(drawn), caption, lines)
        } else {
            let note = code.too_large(needed, size);
            let lines = noted(&note);
            (None, note, lines)
        };
        if self.moves {
            self.shown.set(Some(Shown { lines, size }));
        }
        Printed { back, code, note }
    }

    fn lines_back(&self, size: Option<Size>) -> usize {
        let shown = self.shown.get().filter(|shown| Some(shown.size) == size);
        shown.map_or(0, |shown| shown.lines)
    }
}

impl Code<'_> {
    fn caption(&self) -> String {
        format!(
            "Scan it within {} s (code {} of {}): Settings, Linked devices, Link a device.",
            self.seconds, self.number, self.of
        )
    }

    fn too_large(&self, needed: Size, there: Size) -> String {
        let Self { seconds, number, of, .. } = self;
        let sizes = format!(
            "needs {} columns × {} lines, and this terminal has {} × {}",
            needed.columns, needed.lines, there.columns, there.lines
        );
        match self.png {
            Some(png) => format!(
                "Scan {} within {seconds} s (code {number} of {of}): Settings, Linked devices, Link \
                 a device.\nIt is not drawn here: that {sizes}.",
                png.display()
            ),
            None => format!(
                "Code {number} of {of} is not drawn, because it {sizes}.\nEnlarge the terminal: the \
                 next code comes within {seconds} s. Or link with --png FILE or --phone NUMBER."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Size = Size { columns: 80, lines: 40 };

    fn a_drawing(moves: bool) -> Drawing {
        Drawing { moves, has_notes: true, shown: Cell::new(None) }
    }

    fn code(number: usize) -> Code<'static> {
        Code { text: "", seconds: 20, number, of: 6, png: None }
    }

    fn next(drawing: &Drawing, size: Option<Size>) -> Printed {
        drawing.next("████\n████".to_owned(), &code(1), size)
    }

    #[test]
    fn a_code_replaces_the_one_before_unless_something_else_came_between() {
        let drawing = a_drawing(true);
        assert_eq!(next(&drawing, Some(LARGE)).back, 0);
        assert_eq!(next(&drawing, Some(LARGE)).back, 3);
        drawing.leave();
        assert_eq!(next(&drawing, Some(LARGE)).back, 0);
        assert_eq!(next(&drawing, Some(Size { columns: 81, ..LARGE })).back, 0);
        let drawing = a_drawing(false);
        for _ in 0..2 {
            assert_eq!(next(&drawing, Some(LARGE)).back, 0);
        }
    }

    #[test]
    fn a_code_that_does_not_fit_is_not_drawn_until_it_does() {
        let drawing = a_drawing(true);
        for small in [Size { columns: 3, lines: 40 }, Size { columns: 80, lines: 2 }] {
            let Printed { code, note, .. } = next(&drawing, Some(small));
            assert_eq!(code, None);
            let there = format!("has {} × {}", small.columns, small.lines);
            assert!(note.contains("needs 4 columns") && note.contains(&there), "{note}");
            assert!(note.contains("--png FILE") && note.contains("--phone NUMBER"), "{note}");
        }
        assert!(next(&drawing, Some(LARGE)).code.is_some());
    }

    #[test]
    fn where_no_size_is_known_every_code_is_drawn_below() {
        let drawing = a_drawing(true);
        for _ in 0..2 {
            let printed = next(&drawing, None);
            assert_eq!((printed.back, printed.code.is_some()), (0, true));
        }
    }
}
