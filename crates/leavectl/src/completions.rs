//! `leavectl completions`: what a shell needs to complete commands.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output;

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl completions bash > /etc/bash_completion.d/leavectl
  leavectl completions zsh > \"${fpath[1]}/_leavectl\"
  leavectl completions fish > ~/.config/fish/completions/leavectl.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// `tool` is the whole of it, with every command.
    pub(crate) fn run(self, mut tool: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut tool, "leavectl", &mut script);
        output::raw(String::from_utf8_lossy(&script).trim_end())
    }
}
