//! Tips for what people try because other tools have it. `clap` guesses by spelling,
//! and would send someone who wants `-o json` to `--offline`.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use domain::tenant::AccountId;

use crate::words;

/// `error` with a tip that helps, where there is one.
pub(crate) fn added(mut error: Error, tool: &Command, words: &[OsString]) -> Error {
    let named = words::named(tool, words);
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(flag)) => of_flag(flag, named.command),
            _ => None,
        },
        ErrorKind::MissingRequiredArgument => {
            let account = named.positionals(words).first().and_then(|at| words[*at].to_str());
            // What is no account's id may be anything.
            let account = account.filter(|it| it.parse::<AccountId>().is_ok() && it.len() < 16);
            of_missing(named.command, account)
        }
        _ => None,
    };
    if let Some(tip) = tip {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

fn of_flag(flag: &str, command: &Command) -> Option<String> {
    let flag = flag.split_once('=').map_or(flag, |(flag, _)| flag);
    let has = |name| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    if flag.strip_prefix("--").is_some_and(has) {
        // It was refused for its place.
        let line = command.get_bin_name().unwrap_or("leavectl");
        return Some(format!("flags stand behind the command: `{line} … {flag}`"));
    }
    let has_json = has("json");
    let tip = match flag {
        "-q" | "--quiet" | "--silent" => {
            "results are alone on stdout, notes on stderr: add `2>/dev/null`"
        }
        "-o" | "--output" | "--format" if has_json => "`--json` prints JSON",
        "-o" | "--output" | "--format" => {
            "every command that does something prints JSON with `--json`"
        }
        "--jq" | "--query" => "pipe `--json` into jq: `leavectl … --json | jq …`",
        "--profile" => "`AWS_PROFILE=NAME leavectl …`",
        "--region" => "`AWS_REGION=NAME leavectl …`",
        "--endpoint-url" => "`AWS_ENDPOINT_URL_DYNAMODB=URL leavectl …`",
        "--table" | "--table-name" => "`TABLE_NAME=NAME leavectl …`",
        "-v" | "--verbose" | "--debug" => {
            "everything is told already, causes too; `leavectl doctor` looks at the place, \
             `leavectl --version` tells the version"
        }
        _ => return None,
    };
    Some(tip.to_owned())
}

/// Of one's instances all may be meant.
fn of_missing(command: &Command, account: Option<&str>) -> Option<String> {
    let has_all = command.get_arguments().any(|arg| arg.get_long() == Some("all"));
    has_all.then(|| match account {
        Some(account) => format!("`{account} --all` takes every instance of the account"),
        None => "`--all` takes every instance".to_owned(),
    })
}
