//! An instance is `acme/sales` in lists and `acme sales` in commands: commands take both.
//! The words are put right before `clap` reads them, so that its errors and its help know
//! one form alone.

use std::ffi::OsString;

use clap::Command;
use domain::tenant::AccountId;

use crate::words;

/// `words` with `acme/sales` as the two words that the command wants: an account and an
/// instance, or an account and `--instance`. Account ids and names have no `/`.
pub(crate) fn split(tool: &Command, mut words: Vec<OsString>) -> Vec<OsString> {
    let named = words::named(tool, &words);
    let ids: Vec<_> = named.command.get_positionals().map(|arg| arg.get_id().as_str()).collect();
    if ids.first() != Some(&"account") {
        return words;
    }
    let found = named.positionals(&words);
    let Some(&first) = found.first() else { return words };
    let takes_instance = ids.get(1) == Some(&"instance");
    let has_flag = named.command.get_arguments().any(|arg| arg.get_long() == Some("instance"));
    let both = parts(&words[first]);

    if let Some(new) = ids.iter().position(|id| *id == "new") {
        let new = found.get(new - usize::from(both.is_some())).copied();
        let account = both.as_ref().map(|(account, _)| account);
        let account = account.cloned().or_else(|| words[first].to_str().map(str::to_owned));
        if let (Some(new), Some(account)) = (new, account) {
            within(&mut words[new], &account);
        }
    }
    let Some((account, name)) = both else { return words };
    if takes_instance {
        words[first] = account.into();
        words.insert(first + 1, name.into());
    } else if has_flag {
        words[first] = account.into();
        words.insert(named.begin, format!("--instance={name}").into());
    }
    words
}

/// The account and the instance that a word names.
fn parts(word: &OsString) -> Option<(String, String)> {
    let (account, name) = word.to_str()?.split_once('/')?;
    let is_both = account.parse::<AccountId>().is_ok() && !name.is_empty();
    is_both.then(|| (account.to_owned(), name.to_owned()))
}

/// A new name keeps its account: `acme/new` is `new` within `acme`.
fn within(word: &mut OsString, account: &str) {
    if let Some((its, name)) = parts(word)
        && its == account
    {
        *word = name.into();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    #[test]
    fn an_instance_is_taken_in_both_forms() {
        let tool = Arguments::command();
        for (given, read) in [
            ("leave acme/sales 1@g.us --yes", "leave acme sales 1@g.us --yes"),
            ("leave -y -- acme/sales 1@g.us", "leave -y -- acme sales 1@g.us"),
            ("history --json acme/sales", "history --json acme sales"),
            ("group list acme/sales", "group list acme sales"),
            ("instance check acme/sales", "instance check acme sales"),
            (
                "instance import --jid a/b acme/sales c/d",
                "instance import --jid a/b acme sales c/d",
            ),
            ("instance set-proxy acme/a http://b/c", "instance set-proxy acme a http://b/c"),
            ("instance rename acme/sales new", "instance rename acme sales new"),
            ("instance rename acme/sales acme/new", "instance rename acme sales new"),
            ("instance rename acme sales acme/new", "instance rename acme sales new"),
            ("token issue acme/sales --json", "token issue --instance=sales acme --json"),
            ("token list -- acme/sales", "token list --instance=sales -- acme"),
            ("token revoke acme/sales tok_1", "token revoke --instance=sales acme tok_1"),
        ] {
            assert_eq!(after(&tool, given), read);
        }
    }

    #[test]
    fn everything_else_stays() {
        let tool = Arguments::command();
        for line in [
            "",
            "instance",
            "instance show",
            "instance show acme sales/br",
            "instance show acme/",
            "instance show /sales",
            "instance show ACME/sales",
            "instance rename acme sales other/new",
            "instance list acme/sales",
            "account delete acme/sales",
            "man a/b",
            "no such/command",
        ] {
            assert_eq!(after(&tool, line), line);
        }
    }

    fn after(tool: &Command, line: &str) -> String {
        let words = std::iter::once("leavectl").chain(line.split_whitespace());
        let words = split(tool, words.map(Into::into).collect());
        words[1..].join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    }
}
