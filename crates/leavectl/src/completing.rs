//! Answers a shell that completes a line: the script of `leavectl completions` runs this
//! program with a variable set and the line behind `--`. Whatever goes wrong, the shell
//! gets nothing: what a terminal shows meanwhile is somebody's half-written line.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use clap_complete::env::Shells;

use crate::offers::{self, Line};
use crate::{both_forms, words};

/// Names the shell. Not `COMPLETE`, which other programs use and people set.
pub(crate) const VARIABLE: &str = "LEAVECTL_COMPLETE";
/// What stands between two answers.
const SEPARATOR: &str = "_CLAP_IFS";
/// Set by the scripts of shells that tell which word is completed; others mean the last.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// Whether a shell asked; it is answered on stdout then. `arguments` begin with the program.
pub(crate) fn answered(tool: &Command, arguments: &[OsString]) -> bool {
    let Some(shell) = std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty()) else {
        return false;
    };
    let line = arguments.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let shells = Shells::builtins();
    if let Some(shell) = shell.to_str().and_then(|shell| shells.completer(shell)) {
        let (mut tool, line) = prepared(tool, line);
        let (folder, mut answer) = (std::env::current_dir().ok(), Vec::new());
        if !line.is_empty()
            && shell.write_complete(&mut tool, line, folder.as_deref(), &mut answer).is_ok()
        {
            let mut stdout = std::io::stdout().lock();
            if shell.name() == "bash" {
                answer = for_bash(&answer);
            }
            // A shell that hears no more has no use for the rest.
            let _ = stdout.write_all(&answer).and_then(|()| stdout.flush());
        }
    }
    true
}

/// Bash puts an answer on the line as it is, and expands it before. A file may have any
/// name: what is special to a shell is quoted, what bash expands is left out.
fn for_bash(answer: &[u8]) -> Vec<u8> {
    let separator = std::env::var(SEPARATOR).unwrap_or_else(|_| "\n".to_owned());
    let answer = String::from_utf8_lossy(answer);
    let expands = |c: char| c.is_control() || "*?[\\".contains(c);
    let answers = answer.split(&separator).filter(|it| !it.contains(expands)).map(|it| {
        let quoted = it.chars().flat_map(|c| {
            let is_special = c.is_whitespace() || "$`\"'()<>|&;{}!#^]".contains(c);
            is_special.then_some('\\').into_iter().chain([c])
        });
        quoted.collect::<String>()
    });
    answers.collect::<Vec<_>>().join(&separator).into_bytes()
}

/// The tool that knows what exists, and the line with `acme/sales` taken apart before the
/// word that is completed.
fn prepared(tool: &Command, mut line: Vec<OsString>) -> (Command, Vec<OsString>) {
    let index = std::env::var(INDEX).ok().and_then(|index| index.parse().ok());
    let index = index.unwrap_or_else(|| line.len().saturating_sub(1)).min(line.len());
    let rest = line.split_off(index);
    let count = line.len();
    let mut line = both_forms::split(tool, line);
    let is_longer = line.len() > count;
    line.extend(rest);
    let typed = Arc::new(typed(tool, &line));
    let tool = knowing(tool.clone(), "", &typed);
    if is_longer {
        // The index is the script's and stays: the program's name makes room.
        line.remove(0);
        return (tool.no_binary_name(true), line);
    }
    (tool, line)
}

/// The account and the instance that are on the line.
fn typed(tool: &Command, line: &[OsString]) -> Line {
    let named = words::named(tool, line);
    let found = named.positionals(line);
    let word = |index: usize| line.get(*found.get(index)?)?.to_str().map(str::to_owned);
    Line { account: word(0), instance: word(1) }
}

/// `command` and those below it, with what exists as the values of their arguments.
fn knowing(command: Command, above: &str, line: &Arc<Line>) -> Command {
    let path = format!("{above} {}", command.get_name());
    let takes_instance = command.get_arguments().any(|arg| arg.get_id() == "instance");
    command
        .mut_args(|arg| offering(arg, path.trim_start(), takes_instance, line))
        .mut_subcommands(|below| knowing(below, &path, line))
}

fn offering(arg: Arg, path: &str, takes_instance: bool, line: &Arc<Line>) -> Arg {
    let line = line.clone();
    let is_folder = arg.get_value_names().is_some_and(|names| names == ["DIR"]);
    match (path, arg.get_id().as_str()) {
        // What is made has a name that is not there yet.
        ("leavectl account create", _) | ("leavectl instance create", "instance") => arg,
        (_, "account") => arg.add(ArgValueCompleter::new(move |begun: &OsStr| {
            offers::accounts(begun.to_str().unwrap_or_default(), takes_instance)
        })),
        (_, "instance") => arg.add(ArgValueCandidates::new(move || offers::instances(&line))),
        ("leavectl token revoke", "id") => {
            arg.add(ArgValueCandidates::new(move || offers::tokens(&line)))
        }
        ("leavectl leave", "identifiers") => {
            arg.add(ArgValueCandidates::new(move || offers::groups(&line)))
        }
        _ if is_folder => arg.value_hint(ValueHint::DirPath),
        _ => arg,
    }
}
