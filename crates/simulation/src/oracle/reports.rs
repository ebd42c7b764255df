//! What the function's line says of a request, held against what its caller was told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::Told;
use super::{Answer, Oracle, Wrong};
use crate::machine::Seen;
use crate::steps::{Act, Message};
use crate::world::INSTANCES;

/// Each outcome that a run can have: its name in the line, its status, how its message
/// begins, and the metric that counts it (`docs/runbook.md`).
const OUTCOMES: [(&str, u16, &str, &str); 22] = [
    ("left", 200, "Successfully left", "Left"),
    ("recovered", 200, "Successfully left", "Recovered"),
    ("replayed", 0, "", "Replayed"),
    ("invalid_token", 401, "Invalid token", "Unauthorized"),
    ("rate_limited", 429, "Rate limit exceeded", "RateLimited"),
    ("foreign_instance", 403, "Instance token does not match", "BadRequests"),
    ("idempotency_key_reused", 422, "Idempotency-Key was used", "BadRequests"),
    ("identifier_required", 400, "Identifier is required", "BadRequests"),
    ("identifier_invalid", 400, "Invalid identifier", "BadRequests"),
    ("instance_not_found", 404, "Instance not found", "BadRequests"),
    ("not_connected", 400, "Instance is not connected", "NotConnected"),
    ("invite_revoked", 404, "Invite link has been revoked", "NotMember"),
    ("not_member", 404, "Group not found", "NotMember"),
    ("not_allowed", 403, "Not allowed to leave", "NotAllowed"),
    ("throttled", 429, "WhatsApp rate limit reached", "Throttled"),
    ("banned", 503, "Instance is temporarily banned", "Banned"),
    ("busy", 503, "Instance is busy", "Busy"),
    ("too_many_open", 503, "Too many leaves", "TooManyOpen"),
    ("whatsapp_unavailable", 503, "WhatsApp is unavailable", "WhatsAppUnavailable"),
    ("unconfirmed", 503, "WhatsApp did not confirm the leave", "Unconfirmed"),
    ("storage_unavailable", 503, "Service is temporarily", "StorageUnavailable"),
    ("internal", 500, "Internal error", "InternalErrors"),
];

/// The names of the outcomes that a line has, in order.
fn named(line: &Value) -> Vec<&str> {
    match line["outcome"].as_str() {
        Some(name) => vec![name],
        None => {
            line["outcomes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        }
    }
}

impl Oracle {
    /// Reads the line of a request. Returns the answer with what the line calls it.
    pub(crate) fn read_line(&self, answer: Answer, lines: &[Value], kind: &str) -> Answer {
        self.found(answer.told().and_then(|told| judged(told, lines, kind)));
        let names = lines.iter().flat_map(named).map(str::to_owned);
        answer.named(names.collect())
    }

    /// Reads what became of a queue's messages.
    pub(crate) fn read_queue(&self, reply: &str, lines: &[Value], messages: &[Message]) {
        self.found(judged_queue(reply, lines, messages));
    }

    /// Reads what became of the schedule's check.
    pub(crate) fn read_check(&self, answer: &Result<String, Answer>, lines: &[Value], seen: &Seen) {
        let came_to = match answer {
            Ok(reply) => {
                self.found(judged_check(reply, lines));
                "answered"
            }
            Err(Answer::Failed(error)) => {
                // It is told that storage failed it, so that it comes again.
                if seen.met.is_empty() {
                    self.found(Some(Wrong { label: "failed", what: error.clone() }));
                }
                "failed"
            }
            Err(_) => {
                self.state().is_gone = true;
                "crashed"
            }
        };
        self.did_and("a check of what is due", came_to);
    }

    /// An operator's act ended.
    pub(crate) fn operated(
        &self,
        act: Act,
        stood: &'static str,
        came: Option<&Result<String, String>>,
        seen: &Seen,
    ) {
        let kind = match act {
            Act::Sync => "sync",
            Act::Check => "check",
            Act::Rotate | Act::Prune => "rotate",
            Act::SetProxy(_) => "proxy",
            Act::Relink | Act::Import | Act::LinkByQr => "link",
            Act::Delete | Act::DeleteAndLink => "delete",
            Act::Unblock => "unblock",
            Act::RenewToken => "token",
        };
        let mut met = seen.met.clone();
        if came.is_none() {
            met.insert("crash");
        }
        self.state().coverage.count(kind, &met, stood);
        let came_to = match came {
            Some(Ok(_)) => "done",
            Some(Err(_)) => "refused",
            None => "crashed",
        };
        let name = format!("{act:?}");
        self.did_and(name.split('(').next().unwrap_or_default(), came_to);
    }

    /// Somebody did something.
    pub(crate) fn did(&self, what: &str) {
        self.did_and(what, "done");
    }

    fn did_and(&self, what: &str, came_to: &str) {
        self.state().coverage.did(what, came_to);
    }

    /// These connections are of a device that is being linked.
    pub(crate) fn linking(&self, seen: &Seen) {
        self.state().linking.extend(&seen.connections);
    }

    /// Somebody was at the tokens of a run's instance while it was under way.
    pub(crate) fn token_changed(&self, run: u64) {
        let mut state = self.state();
        if let Some(run) = usize::try_from(run).ok().and_then(|at| state.runs.get_mut(at)) {
            run.token_changed = true;
        }
    }
}

fn wrong(what: String) -> Wrong {
    Wrong { label: "line", what }
}

/// Whether the one line of a request says what its caller was told.
fn judged(told: &Told, lines: &[Value], kind: &str) -> Option<Wrong> {
    let [line] = lines else { return Some(wrong(format!("{} lines for {told:?}", lines.len()))) };
    if line["kind"] != kind {
        return Some(wrong(format!("of {kind}: {line}")));
    }
    let names = named(line);
    if names.len() != told.statuses.len() {
        return Some(wrong(format!("{} outcomes for {told:?}: {line}", names.len())));
    }
    for ((name, status), message) in names.iter().zip(&told.statuses).zip(&told.messages) {
        let is_right = OUTCOMES.iter().any(|(known, code, begins, _)| {
            known == name
                && if *name == "replayed" {
                    told.replayed
                } else {
                    code == status && message.starts_with(begins) && !told.replayed
                }
        });
        if !is_right {
            return Some(wrong(format!("{name} for {status} {message}: {line}")));
        }
    }
    metrics(line)
}

/// Whether the metrics of a line count its outcomes, each once.
fn metrics(line: &Value) -> Option<Wrong> {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for name in named(line) {
        let known = OUTCOMES.iter().find(|(known, ..)| *known == name);
        *counted.entry(known.map_or("", |(.., metric)| *metric)).or_default() += 1;
    }
    let differs = OUTCOMES.iter().map(|(.., metric)| *metric).find(|metric| {
        line[*metric].as_u64().unwrap_or_default()
            != counted.get(metric).copied().unwrap_or_default()
    });
    let metric = differs?;
    Some(wrong(format!("{metric} is not what {:?} add up to: {line}", named(line))))
}

/// What the messages of each instance came to, as its line says; `None` where it has none.
pub(crate) fn of_queue(instance: usize, lines: &[Value]) -> Option<Answer> {
    let (account, name, _) = INSTANCES[instance];
    let line = lines.iter().find(|line| line["account"] == account && line["instance"] == name)?;
    let results = named(line).into_iter().map(|name| {
        let known = OUTCOMES.iter().find(|(known, ..)| *known == name);
        known.map_or((0, ""), |(_, status, begins, _)| (*status, *begins))
    });
    let (statuses, messages): (Vec<u16>, Vec<&str>) = results.unzip();
    Some(Answer::Told(Told {
        names: named(line).into_iter().map(str::to_owned).collect(),
        waits: vec![None; statuses.len()],
        messages: messages.into_iter().map(str::to_owned).collect(),
        statuses,
        ..Told::default()
    }))
}

/// Whether just those messages are to be delivered again that have a result which can
/// end otherwise.
fn judged_queue(reply: &str, lines: &[Value], messages: &[Message]) -> Option<Wrong> {
    let reply: Value = serde_json::from_str(reply).unwrap_or_default();
    let failures = reply["batchItemFailures"].as_array().into_iter().flatten();
    let mut failed: Vec<String> =
        failures.filter_map(|it| it["itemIdentifier"].as_str().map(str::to_owned)).collect();
    failed.sort();
    let mut expected = Vec::new();
    for (instance, (account, name, _)) in INSTANCES.iter().enumerate() {
        let mine = messages.iter().enumerate().filter(|(_, it)| it.instance == instance);
        let mine: Vec<_> = mine.collect();
        if mine.is_empty() {
            continue;
        }
        let Some(Answer::Told(told)) = of_queue(instance, lines) else {
            return Some(wrong(format!("none for {account}/{name}")));
        };
        let mut statuses = told.statuses.iter();
        for (number, message) in mine {
            let of_it = statuses.by_ref().take(message.identifiers.len());
            if of_it.filter(|status| matches!(status, 429 | 500..)).count() > 0 {
                expected.push(format!("message-{number}"));
            }
        }
        if statuses.next().is_some() {
            return Some(wrong(format!("more outcomes than {account}/{name} asked for")));
        }
    }
    expected.sort();
    if failed != expected {
        let what = format!("{failed:?} are to come again, and {expected:?} could end otherwise");
        return Some(Wrong { label: "queue", what });
    }
    lines.iter().find_map(metrics)
}

/// Whether the summary of a check adds up.
fn judged_check(reply: &str, lines: &[Value]) -> Option<Wrong> {
    let reply: Value = serde_json::from_str(reply).unwrap_or_default();
    let number = |name: &str| reply[name].as_u64().unwrap_or(u64::MAX);
    let kinds = ["connected", "fresh", "loggedOut", "banned", "failed"];
    let sum = kinds.iter().fold(0_u64, |sum, name| sum.saturating_add(number(name)));
    let [line] = lines else { return Some(wrong(format!("{} lines for a check", lines.len()))) };
    let counted = line["SessionsChecked"].as_u64();
    if sum != number("checked") || counted != Some(number("checked")) {
        return Some(wrong(format!("{reply} and {line}")));
    }
    None
}
