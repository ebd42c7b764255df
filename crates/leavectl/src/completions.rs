//! `leavectl completions`: what a shell needs to complete commands.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::{completing, output};

/// The program and its command.
const NAME: &str = "leavectl";

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl completions bash > /etc/bash_completion.d/leavectl
  leavectl completions zsh > \"${fpath[1]}/_leavectl\"
  leavectl completions fish > ~/.config/fish/completions/leavectl.fish

Accounts, instances, tokens and groups are offered too, where the variables name a table
that answers at once. Print the script anew after an upgrade.")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shells = Shells::builtins();
        let shell = self.shell.to_string();
        let completer = shells
            .completer(&shell)
            .ok_or_else(|| Failure::Refused(format!("there are no completions for {shell}")))?;
        let mut script = Vec::new();
        completer.write_registration(completing::VARIABLE, NAME, NAME, NAME, &mut script)?;
        let script = String::from_utf8_lossy(&script);
        // Where nothing is offered bash would fall back to names of files.
        output::raw(script.replace("-o bashdefault ", "").trim_end())
    }
}
