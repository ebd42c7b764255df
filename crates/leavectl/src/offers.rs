//! What a shell can offer: what the table has, where it answers at once.

use std::time::Duration;

use clap::builder::StyledStr;
use clap_complete::engine::CompletionCandidate;
use domain::tenant::{AccountId, InstanceId, InstanceName};
use operator::Operator;
use tokio::runtime::Handle;

use crate::failure::Failure;
use crate::visible::printable;
use crate::{instance, place, token};

/// Longest wait, connecting included: somebody's finger is still on the key.
const PATIENCE: Duration = Duration::from_millis(300);

/// What is on the line that tells what to offer.
pub(crate) struct Line {
    pub(crate) account: Option<String>,
    pub(crate) instance: Option<String>,
}

impl Line {
    fn account(&self) -> Option<AccountId> {
        self.account.as_deref()?.parse().ok()
    }

    fn instance(&self) -> Option<InstanceId> {
        let name = InstanceName::of_stored(self.instance.as_deref()?).ok()?;
        Some(InstanceId { account: self.account()?, name })
    }
}

/// The accounts; behind `acme/` the instances of it, where the command takes one.
pub(crate) fn accounts(begun: &str, takes_instance: bool) -> Vec<CompletionCandidate> {
    let mut offered = match begun.split_once('/') {
        Some(_) if !takes_instance => Vec::new(),
        Some((account, _)) => {
            let line = Line { account: Some(account.to_owned()), instance: None };
            let instances = instances(&line).into_iter();
            instances.map(|offered| offered.add_prefix(format!("{account}/"))).collect()
        }
        None => soon(async |operator| {
            let accounts = operator.accounts().await?;
            let offered = accounts
                .iter()
                .filter_map(|it| offer(it.id.as_str(), it.note.as_deref().unwrap_or_default()));
            Ok(offered.collect())
        }),
    };
    offered.retain(|offered| offered.get_value().to_str().is_some_and(|it| it.starts_with(begun)));
    offered
}

/// The instances of the account on the line.
pub(crate) fn instances(line: &Line) -> Vec<CompletionCandidate> {
    let Some(account) = line.account() else { return Vec::new() };
    soon(async |operator| {
        let instances = operator.instances(Some(&account)).await?;
        let offered = instances.iter().filter_map(|found| {
            let device = found.device.as_deref().unwrap_or_default();
            offer(found.id.name.as_str(), &format!("{} {device}", instance::state(found)))
        });
        Ok(offered.collect())
    })
}

/// The ids of the account's tokens.
pub(crate) fn tokens(line: &Line) -> Vec<CompletionCandidate> {
    let Some(account) = line.account() else { return Vec::new() };
    soon(async |operator| {
        let tokens = operator.tokens(&account).await?;
        let offered = tokens.iter().filter_map(|found| {
            let whose = token::instance(&found.scope).unwrap_or("the account");
            offer(&found.id, &format!("{whose} {}", found.note.as_deref().unwrap_or_default()))
        });
        Ok(offered.collect())
    })
}

/// The groups that the instance on the line is known to be in.
pub(crate) fn groups(line: &Line) -> Vec<CompletionCandidate> {
    let Some(instance) = line.instance() else { return Vec::new() };
    soon(async |operator| {
        let groups = operator.roster(&instance).await?;
        let offered = groups.iter().filter_map(|listed| {
            offer(listed.group.jid.as_str(), listed.subject.as_deref().unwrap_or_default())
        });
        Ok(offered.collect())
    })
}

/// What `ask` finds within the patience; else nothing.
fn soon(
    ask: impl AsyncFnOnce(&Operator) -> Result<Vec<CompletionCandidate>, Failure>,
) -> Vec<CompletionCandidate> {
    let asking = async { ask(&place::operator().await?).await };
    // The engine that asks is not asynchronous.
    tokio::task::block_in_place(|| {
        Handle::current()
            .block_on(async { tokio::time::timeout(PATIENCE, asking).await })
            .ok()
            .and_then(Result::ok)
            .unwrap_or_default()
    })
}

/// A value that every shell takes as it is: bash puts it on the line without quotes, so
/// that a name like `$(reboot)` must never be one.
fn offer(value: &str, help: &str) -> Option<CompletionCandidate> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@+,".contains(c);
    if value.is_empty() || value.starts_with('-') || !value.chars().all(is_plain) {
        return None;
    }
    let help = printable(help.trim());
    let help = Some(help).filter(|help| !help.is_empty()).map(StyledStr::from);
    Some(CompletionCandidate::new(value).help(help))
}

#[cfg(test)]
mod tests {
    use super::offer;

    #[test]
    fn only_what_no_shell_acts_on_is_offered() {
        for value in ["sales", "vendas-são-paulo", "120363406289005073@g.us", "tok_k3b", "群"] {
            assert!(offer(value, "").is_some(), "{value}");
        }
        for value in ["", "-y", "a b", "$(reboot)", "`a`", "*", "a;b", "a'b", "~", "a\n", "a\\b"] {
            assert!(offer(value, "").is_none(), "{value}");
        }
    }

    #[test]
    fn a_description_shows_what_is_hidden_in_it() {
        let offered = offer("a", "x\u{1b}[2J\u{202e}y\tz\n").unwrap();
        let help = offered.get_help().unwrap().to_string();
        assert_eq!(help, "x<U+001B>[2J<U+202E>y<U+0009>z");
    }
}
