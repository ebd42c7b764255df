//! The words of a command line, as `clap` is going to read them.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The command that a line names, and where its own words begin.
pub(crate) struct Named<'a> {
    pub(crate) command: &'a Command,
    /// The index of the first word behind the command's name.
    pub(crate) begin: usize,
}

/// Finds the command. The first word is the program; flags before a command's name take
/// no values.
pub(crate) fn named<'a>(tool: &'a Command, words: &[OsString]) -> Named<'a> {
    let mut found = Named { command: tool, begin: words.len().min(1) };
    for (index, word) in words.iter().enumerate().skip(1) {
        match found.command.find_subcommand(word) {
            Some(command) => found = Named { command, begin: index + 1 },
            None if word.as_encoded_bytes().starts_with(b"-") => {}
            None => break,
        }
    }
    found
}

impl Named<'_> {
    /// The indices of the words that are neither flags nor their values.
    pub(crate) fn positionals(&self, words: &[OsString]) -> Vec<usize> {
        let mut found = Vec::new();
        let mut words = words.iter().enumerate().skip(self.begin);
        while let Some((index, word)) = words.next() {
            match Word::of(word) {
                Word::Positional => found.push(index),
                Word::End => {
                    found.extend(words.map(|(index, _)| index));
                    break;
                }
                Word::Long(flag) if self.takes_value(|arg| arg.get_long() == Some(flag)) => {
                    words.next();
                }
                Word::Shorts(flags) if self.ask_for_value(flags) => {
                    words.next();
                }
                Word::Long(_) | Word::Shorts(_) | Word::Complete => {}
            }
        }
        found
    }

    /// Whether the last of these flags has its value in the next word.
    fn ask_for_value(&self, flags: &str) -> bool {
        let takes = |flag: char| self.takes_value(|arg| arg.get_short() == Some(flag));
        flags.chars().position(takes).is_some_and(|at| at + 1 == flags.chars().count())
    }

    fn takes_value(&self, is_it: impl Fn(&Arg) -> bool) -> bool {
        let mut arguments = self.command.get_arguments();
        arguments.any(|arg| is_it(arg) && arg.get_action().takes_values())
    }
}

/// What a word is, unless it is the value of a flag.
enum Word<'a> {
    Positional,
    /// Everything behind it is positional.
    End,
    Long(&'a str),
    Shorts(&'a str),
    /// A flag with its value.
    Complete,
}

impl<'a> Word<'a> {
    fn of(word: &'a OsStr) -> Self {
        let Some(text) = word.to_str() else { return Self::Positional };
        match text.strip_prefix("--") {
            Some("") => Self::End,
            Some(flag) if flag.contains('=') => Self::Complete,
            Some(flag) => Self::Long(flag),
            None => match text.strip_prefix('-') {
                Some("") | None => Self::Positional,
                Some(flags) => Self::Shorts(flags),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn flags_and_their_values_are_told_from_positionals() {
        let tool = Arguments::command();
        for (line, command, positionals) in [
            ("leavectl", "leavectl", &[][..]),
            ("leavectl instance", "instance", &[]),
            ("leavectl instance show --json acme sales", "show", &["acme", "sales"]),
            ("leavectl instance import --from baileys acme - -x", "import", &["acme", "-"]),
            ("leavectl instance import --from=baileys acme", "import", &["acme"]),
            ("leavectl leave acme -y -- sales -q", "leave", &["acme", "sales", "-q"]),
            ("leavectl token issue --note --x acme", "issue", &["acme"]),
            ("leavectl no such", "leavectl", &["no", "such"]),
        ] {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            let named = named(&tool, &words);
            assert_eq!(named.command.get_name(), command, "{line}");
            let found: Vec<_> = named.positionals(&words).iter().map(|at| &words[*at]).collect();
            assert_eq!(found, positionals, "{line}");
        }
    }
}
