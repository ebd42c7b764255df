//! Asking before what cannot be undone.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;

use crate::failure::Failure;
use crate::visible;

/// Consent given beforehand.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Consent {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl Consent {
    /// Asks on a terminal whether `what` may happen. Where nobody can be asked,
    /// only `--yes` consents.
    pub(crate) fn ask(self, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::Refused(format!(
                "{what} Nobody is here to ask: add --yes to consent"
            )));
        }
        let mut stderr = std::io::stderr();
        write!(stderr, "{} Go on? [y/N] ", visible::lines(what))?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(())
        } else {
            Err(Failure::Refused("nothing was done".to_owned()))
        }
    }
}
