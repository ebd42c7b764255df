//! A typed command: direct invocation, Step Functions, a schedule, the body of
//! an SQS message. IAM guards it, so it carries no token; it names its account.

use std::panic::AssertUnwindSafe;

use domain::clock::Budget;
use domain::identifier::Identifier;
use domain::problem::{LEFT, Problem};
use domain::tenant::{InstanceId, NameError};
use domain::trace::Trace;
use futures_util::FutureExt;
use operation::leave::{self, Left, Served};
use operation::order::Order;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::object::Object;
use crate::log::shortened;
use crate::report::{self, Report};
use crate::service::Service;

/// Most identifiers of one command.
pub(crate) const MOST_IDENTIFIERS: usize = 1_000;

/// What may be commanded.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", deny_unknown_fields)]
enum Command {
    /// An instance leaves groups.
    Leave { account: String, instance: String, identifiers: Vec<String> },
    /// The sessions that are due are checked.
    Check {},
}

/// A command that can be carried out.
#[derive(Debug, Clone)]
pub(super) struct Leave {
    pub(super) instance: InstanceId,
    pub(super) identifiers: Vec<String>,
}

/// Why a text is no command. Told to whoever sent it, who is one of us.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotACommand {
    /// What serde says, without the values that it quotes: one may be an invite.
    #[error("not a command: {0}")]
    Json(String),
    #[error("not a command: {0}")]
    Name(#[from] NameError),
    #[error("not a command: {0} identifiers, and {MOST_IDENTIFIERS} are the most")]
    TooMany(usize),
}

impl From<serde_json::Error> for NotACommand {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(shortened(&without_strings(&error.to_string())).into_owned())
    }
}

/// `text` with each string in it (as `{:?}` writes them) cut to its quotes.
fn without_strings(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        kept.push(c);
        if c != '"' {
            continue;
        }
        kept.push('…');
        while let Some(c) = characters.next() {
            match c {
                '\\' => _ = characters.next(),
                '"' => {
                    kept.push(c);
                    break;
                }
                _ => {}
            }
        }
    }
    kept
}

/// What came of one identifier.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    identifier: String,
    pub(super) status: u16,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_jid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip)]
    pub(super) is_retryable: bool,
}

/// The answer to a command: a result for each identifier, in order.
#[derive(Debug, Serialize)]
pub(super) struct Outcomes {
    pub(super) results: Vec<Outcome>,
}

/// How a command came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    /// `command` or `batch`.
    pub(super) kind: &'static str,
    pub(super) request_id: &'a str,
    pub(super) trace_id: Option<&'a str>,
    /// How often SQS has delivered it.
    pub(super) received: Option<u64>,
}

/// A command that was read.
#[derive(Debug, Clone)]
pub(super) enum Commanded {
    Leave(Leave),
    Check,
}

/// Reads a command.
pub(super) fn parse(text: &str) -> Result<Commanded, NotACommand> {
    let Object(command) = serde_json::from_str(text)?;
    match command {
        Command::Leave { identifiers, .. } if identifiers.len() > MOST_IDENTIFIERS => {
            Err(NotACommand::TooMany(identifiers.len()))
        }
        Command::Leave { account, instance, identifiers } => {
            let instance = InstanceId { account: account.parse()?, name: instance.parse()? };
            Ok(Commanded::Leave(Leave { instance, identifiers }))
        }
        Command::Check {} => Ok(Commanded::Check),
    }
}

/// Carries a command out. A panic becomes a 500 of each identifier it concerns.
pub(super) async fn run(
    service: &Service,
    command: Leave,
    delivery: Delivery<'_>,
    budget: Budget,
) -> Outcomes {
    let began = Instant::now();
    let calls = service.engine.table.calls();
    let identifiers = &command.identifiers;
    let parsed = identifiers.iter().map(|text| Identifier::parse(text).map_err(Problem::from));
    let order = Order::commanded(
        command.instance.clone(),
        parsed.collect(),
        delivery.request_id.to_owned(),
    );
    let serving = AssertUnwindSafe(leave::serve(&service.engine, &order, budget));
    let (served, trace) = match serving.catch_unwind().await {
        Ok(Served { outcome: leave::Outcome::Ran(results), trace }) => (results, trace),
        // A command has no key, so nothing is kept for it.
        Ok(Served { outcome: leave::Outcome::Replayed(_), .. }) | Err(_) => {
            (vec![Err(Problem::Internal); identifiers.len()], Trace::default())
        }
    };
    let outcomes: Vec<_> = served.iter().map(report::Outcome::from).collect();
    let results = identifiers.iter().zip(&served).map(|(text, result)| outcome(text, result));
    let results = results.collect();
    service.reporter.report(&Report {
        kind: delivery.kind,
        request_id: delivery.request_id,
        trace_id: delivery.trace_id,
        account: command.instance.account.as_str(),
        instance: command.instance.name.as_str(),
        token: "",
        status: None,
        outcomes: &outcomes,
        received: delivery.received,
        counts: &[],
        trace,
        storage_calls: service.engine.table.calls() - calls,
        took: began.elapsed(),
    });
    Outcomes { results }
}

fn outcome(identifier: &str, result: &Result<Left, Problem>) -> Outcome {
    let identifier = identifier.to_owned();
    match result {
        Ok(left) => Outcome {
            identifier,
            status: 200,
            message: LEFT,
            group_jid: Some(left.group().to_string()),
            retry_after: None,
            is_retryable: false,
        },
        Err(problem) => Outcome {
            identifier,
            status: problem.answered().status,
            message: problem.answered().message,
            group_jid: None,
            retry_after: problem.retry_after_seconds(),
            is_retryable: problem.is_retryable(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_text_is_no_command_quotes_no_value_of_it() {
        let refused = |text: &str| parse(text).unwrap_err().to_string();
        for text in [
            r#"{"action":"leave","account":"acme","instance":"sales","identifiers":"S3cretCode"}"#,
            r#"{"action":"leave","account":"acme","instance":"sales","identifiers":[{"S3cretCode":1}]}"#,
            r#"{"action":["S3cretCode"]}"#,
            r#""a \" S3cretCode""#,
            r#"["leave","acme","sales",["S3cretCode"]]"#,
        ] {
            let reason = refused(text);
            assert!(reason.starts_with("not a command: "), "{reason}");
            assert!(!reason.contains("S3cretCode"), "{reason}");
        }
        let reason = refused(r#"{"action":"dance"}"#);
        assert!(reason.contains("unknown variant `dance`"), "{reason}");
        let hostile = format!(r#"{{"action":"check","{}":1}}"#, "x".repeat(1_000_000));
        assert!(refused(&hostile).len() < 2_000);
    }

    #[test]
    fn a_command_names_a_thousand_identifiers_at_most() {
        let text = |identifiers: usize| {
            let identifiers = vec!["120363406289005073"; identifiers];
            serde_json::json!({"action": "leave", "account": "acme", "instance": "sales",
                "identifiers": identifiers})
            .to_string()
        };
        assert!(parse(&text(1_000)).is_ok());
        let reason = parse(&text(1_001)).unwrap_err().to_string();
        assert_eq!(reason, "not a command: 1001 identifiers, and 1000 are the most");
    }
}
