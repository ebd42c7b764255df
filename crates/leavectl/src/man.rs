//! `leavectl man`: manual pages.

use std::path::{Path, PathBuf};

use clap::builder::{Resettable, StyledStr};
use clap::{Args, Command};
use clap_mangen::roff::{Roff, roman};

use crate::failure::Failure;
use crate::output;

/// Print the manual page, or write those of every command into a folder
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl man | man -l -
  leavectl man /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// The folder; without it the main page is printed
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Man {
    /// `tool` is the whole of it, with every command.
    pub(crate) fn run(self, tool: Command) -> Result<(), Failure> {
        let mut tool = tool.disable_help_subcommand(true);
        tool.build();
        let Some(folder) = self.folder else {
            return output::raw(page(tool)?.1.trim_end());
        };
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, "made", error))?;
        write(&tool, &folder)
    }
}

/// Writes the pages of a command and of those below it.
fn write(command: &Command, folder: &Path) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write(below, folder)?;
    }
    let (file, page) = page(command.clone())?;
    let file = folder.join(file);
    std::fs::write(&file, page).map_err(|error| Failure::file(&file, "written", error))
}

/// A command's page, and the name of its file. What stands behind the options in its help
/// has sections of its own.
fn page(command: Command) -> Result<(String, String), Failure> {
    let behind = command.get_after_long_help().or_else(|| command.get_after_help());
    let behind = Behind::of(&behind.map(ToString::to_string).unwrap_or_default());
    let none = || Resettable::<StyledStr>::Reset;
    let page = clap_mangen::Man::new(command.after_help(none()).after_long_help(none()));
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok((page.get_filename(), format!("{text}{}", behind.sections())))
}

/// What stands behind the options.
#[derive(Debug, Default, PartialEq, Eq)]
struct Behind {
    /// Paragraphs.
    notes: Vec<Vec<String>>,
    /// Lines to be copied.
    examples: Vec<String>,
}

impl Behind {
    fn of(help: &str) -> Self {
        let mut found = Self::default();
        let mut is_example = false;
        for paragraph in help.split("\n\n") {
            let mut notes = Vec::new();
            for line in paragraph.lines() {
                let is_heading = matches!(line, "Examples:" | "Example:");
                is_example = is_heading || (is_example && line.starts_with("  "));
                match line.strip_prefix("  ") {
                    Some(example) if is_example => found.examples.push(example.to_owned()),
                    _ if is_heading => {}
                    _ => notes.push(line.to_owned()),
                }
            }
            if !notes.is_empty() {
                found.notes.push(notes);
            }
        }
        found
    }

    fn sections(&self) -> String {
        let mut page = Roff::new();
        if !self.notes.is_empty() {
            page.control("SH", ["NOTES"]);
        }
        for paragraph in &self.notes {
            page.control("PP", []);
            for line in paragraph {
                page.text([roman(line.as_str())]);
            }
        }
        if !self.examples.is_empty() {
            // As they stand: not filled, and not broken.
            page.control("SH", ["EXAMPLES"]).control("nf", []);
            for line in &self.examples {
                page.text([roman(line.as_str())]);
            }
            page.control("fi", []);
        }
        page.to_roff()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_told_from_notes() {
        let help = "About.\nMore.\n\nExamples:\n  leavectl a\n  leavectl b\n\nExit code 1.";
        let found = Behind::of(help);
        assert_eq!(found.examples, ["leavectl a", "leavectl b"]);
        assert_eq!(found.notes, [&["About.", "More."][..], &["Exit code 1."]]);
        assert_eq!(Behind::of("Example:\n  a").examples, ["a"]);
        assert_eq!(Behind::of(""), Behind::default());
        assert_eq!(Behind::default().sections(), "");
    }
}
