//! `leavectl man`: manual pages.

use std::path::PathBuf;

use clap::{Args, Command};

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
        let Some(folder) = self.folder else {
            let mut page = Vec::new();
            clap_mangen::Man::new(tool).render(&mut page)?;
            return output::raw(String::from_utf8_lossy(&page).trim_end());
        };
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, "made", error))?;
        clap_mangen::generate_to(tool, &folder)
            .map_err(|error| Failure::file(&folder, "written", error))?;
        Ok(())
    }
}
