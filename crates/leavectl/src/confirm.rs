//! Asking before what cannot be undone.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use operator::device::Replaces;

use crate::failure::Failure;
use crate::{output, visible};

/// Consent given beforehand.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Consent {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl Consent {
    /// Which device may be replaced: with `--yes` any, otherwise the one that was `seen`,
    /// and asked about.
    pub(crate) fn replaces(self, seen: Option<&str>) -> Replaces<'_> {
        if self.yes { Replaces::Any } else { Replaces::Seen(seen) }
    }

    /// Asks on a terminal whether `what` may happen. Where nobody can be asked,
    /// only `--yes` consents.
    pub(crate) fn ask(self, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        // A program that reads JSON reads no question.
        if output::is_for_a_program() || !std::io::stdin().is_terminal() {
            return Err(Failure::Refused(format!(
                "{what} Nobody is here to ask: add --yes to consent"
            )));
        }
        let mut stderr = std::io::stderr();
        let yes = Yes::of_locale(|name| std::env::var(name).ok());
        write!(stderr, "{} Go on? [{}/N] ", visible::lines(what), yes.letter())?;
        stderr.flush()?;
        let mut answer = String::new();
        // What is no text is no yes.
        let _ = std::io::stdin().lock().read_line(&mut answer);
        if yes.is(&answer) { Ok(()) } else { Err(Failure::Refused("nothing was done".to_owned())) }
    }
}

/// What counts as consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yes {
    English,
    /// Portuguese and Spanish: whose hands know another letter. English is understood too.
    Iberian,
}

impl Yes {
    /// As the locale of messages says: the first of these variables that is set.
    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let locale = names.into_iter().filter_map(variable).find(|locale| !locale.is_empty());
        let language: Option<String> =
            locale.map(|locale| locale.chars().take_while(char::is_ascii_alphabetic).collect());
        match language.as_deref() {
            Some("pt" | "es") => Self::Iberian,
            _ => Self::English,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::English => 'y',
            Self::Iberian => 's',
        }
    }

    fn is(self, answer: &str) -> bool {
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => true,
            "s" | "sim" | "si" | "sí" => self == Self::Iberian,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Yes {
        let value = |name: &str| variables.iter().find(|(it, _)| *it == name);
        Yes::of_locale(|name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_language() {
        for (variables, yes) in [
            (&[][..], Yes::English),
            (&[("LANG", "pt_BR.UTF-8")], Yes::Iberian),
            (&[("LANG", "es")], Yes::Iberian),
            (&[("LANG", "est"), ("LC_MESSAGES", "")], Yes::English),
            (&[("LC_MESSAGES", "es_AR"), ("LANG", "en_US.UTF-8")], Yes::Iberian),
            (&[("LC_ALL", "C"), ("LC_MESSAGES", "es_AR"), ("LANG", "pt_PT")], Yes::English),
        ] {
            assert_eq!(of(variables), yes, "{variables:?}");
        }
    }

    #[test]
    fn english_is_understood_everywhere_and_nothing_else_consents() {
        for answer in ["y\n", "Y", " yes \n", "YES"] {
            assert!(Yes::English.is(answer) && Yes::Iberian.is(answer), "{answer}");
        }
        for answer in ["s\n", "S", "Sim", "si", "SÍ"] {
            assert!(!Yes::English.is(answer) && Yes::Iberian.is(answer), "{answer}");
        }
        for answer in ["", "\n", "n", "não", "no", "ye", "ss"] {
            assert!(!Yes::English.is(answer) && !Yes::Iberian.is(answer), "{answer}");
        }
    }
}
