//! Tables for people.

use crate::output::{Colour, coloured, printable};
use crate::terminal::{self, width};

/// Rows under headings, each column as wide as its widest cell. On a terminal that is
/// narrower than that, each row is a record.
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
        self.within(terminal::size().map(|size| size.columns), none)
    }

    /// The text where there are so many columns; with nothing, where they do not count.
    fn within(&self, columns: Option<usize>, none: &str) -> String {
        if self.rows.is_empty() {
            return none.to_owned();
        }
        let headings: Vec<String> = self.headings.iter().map(ToString::to_string).collect();
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| {
                let cells = std::iter::once(&headings).chain(&self.rows);
                let cells = cells.filter_map(|row| row.get(column));
                cells.map(|cell| width(cell)).max().unwrap_or_default()
            })
            .collect();
        let heading = padded(&headings, &widths);
        let rows: Vec<_> = self.rows.iter().map(|row| padded(row, &widths)).collect();
        let widest = rows.iter().map(|row| width(row)).max().unwrap_or_default();
        if columns.is_some_and(|columns| columns < widest.max(width(&heading))) {
            return self.records();
        }
        let mut lines = vec![coloured(&heading, Colour::Heading)];
        lines.extend(rows);
        lines.join("\n")
    }

    /// Each row's first cell, and the others below it.
    fn records(&self) -> String {
        let below = self.headings.get(1..).unwrap_or_default();
        let widest = below.iter().map(|heading| width(heading)).max().unwrap_or_default();
        let mut lines = Vec::new();
        for row in &self.rows {
            let Some((first, rest)) = row.split_first() else { continue };
            lines.push(coloured(first, Colour::Heading));
            let rest = rest.iter().zip(below);
            lines.extend(rest.map(|(cell, heading)| {
                format!("  {heading:<widest$}  {cell}").trim_end().to_owned()
            }));
        }
        lines.join("\n")
    }
}

fn padded(cells: &[String], widths: &[usize]) -> String {
    let cells = cells.iter().zip(widths).map(|(cell, widest)| {
        let missing = widest.saturating_sub(width(cell));
        format!("{cell}{}", " ".repeat(missing))
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Columns {
        let mut columns = Columns::new(&["NAME", "NOTE", "END"]);
        columns.row(["äöü", "群e\u{301}", "x"].map(str::to_owned));
        columns.row(["longer", "", ""].map(str::to_owned));
        columns
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_end_without_spaces() {
        let text = "NAME    NOTE  END\näöü     群e\u{301}   x\nlonger";
        assert_eq!(table().within(None, "none"), text);
        assert_eq!(table().within(Some(17), "none"), text);
        assert_eq!(Columns::new(&["NAME"]).within(None, "none"), "none");
    }

    #[test]
    fn rows_become_records_where_there_is_no_room() {
        let text = "äöü\n  NOTE  群e\u{301}\n  END   x\nlonger\n  NOTE\n  END";
        assert_eq!(table().within(Some(16), "none"), text);
        assert_eq!(Columns::new(&["NAME"]).within(Some(1), "none"), "none");
    }

    #[test]
    fn a_table_stays_aligned_where_a_cell_has_what_cannot_be_seen() {
        let mut columns = Columns::new(&["NOTE", "END"]);
        columns.row(["a\u{202e}b\u{200b}".to_owned(), "x".to_owned()]);
        columns.row(["c\nd".to_owned(), "y".to_owned()]);
        let expected = "NOTE                END\na<U+202E>b<U+200B>  x\nc<U+000A>d          y";
        assert_eq!(columns.within(None, "none"), expected);
    }
}
