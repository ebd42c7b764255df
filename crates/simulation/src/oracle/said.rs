//! What WhatsApp said to a run, and what it has to tell for that.

use std::collections::BTreeSet;

use whatsapp_simulator::{Direction, Fault, Reaction, Stanza};

use super::run::{Run, is_jid, is_unconfirmed};
use super::{State, Wrong};

/// What it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Instead of a login: the device is gone.
    Gone,
    /// Instead of a login: the number is banned.
    Banned,
    /// Instead of a login: stay away.
    Throttled,
    /// That group was left.
    Left(String),
}

/// What stanzas say to whoever waits for them, in order.
pub(super) fn heard<'a>(stanzas: impl Iterator<Item = &'a Stanza>) -> Vec<Heard> {
    let mut logged_in = BTreeSet::new();
    let sent = stanzas.filter(|stanza| stanza.direction == Direction::Sent);
    let heard = sent.filter_map(|stanza| {
        if stanza.tag() == "success" {
            logged_in.insert(stanza.connection);
        }
        match stanza.tag() {
            // Nobody who has logged in hears for certain that a stream ends.
            "stream:error" if logged_in.contains(&stanza.connection) => None,
            "stream:error" => at_its_end(stanza),
            _ => said(stanza),
        }
    });
    heard.collect()
}

/// What the end of a stream says.
fn at_its_end(stanza: &Stanza) -> Option<Heard> {
    let mut inner = stanza.node.children().into_iter().flatten();
    let conflict = inner.find(|child| child.tag == "conflict");
    if let Some(conflict) = conflict {
        let kind = conflict.attrs.get("type").map(|it| it.as_str().into_owned());
        return (kind.as_deref() != Some("replaced")).then_some(Heard::Gone);
    }
    let code = stanza.node.attrs.get("code").map(|it| it.as_str().into_owned());
    match code.as_deref()? {
        "401" | "516" => Some(Heard::Gone),
        "429" => Some(Heard::Throttled),
        _ => None,
    }
}

fn said(stanza: &Stanza) -> Option<Heard> {
    let attribute = |name: &str| stanza.node.attrs.get(name).map(|it| it.as_str().into_owned());
    match stanza.tag() {
        "failure" => match attribute("reason")?.as_str() {
            "401" | "403" | "406" => Some(Heard::Gone),
            "402" => Some(Heard::Banned),
            "429" => Some(Heard::Throttled),
            _ => None,
        },
        "iq" if stanza.name() == "leave" && attribute("type").as_deref() == Some("result") => {
            let leave = stanza.node.children()?.first()?;
            let [target] = leave.children()? else { return None };
            let named = target.attrs.get("id").or_else(|| target.attrs.get("parent_group_jid"))?;
            let is_left = target.attrs.get("error").is_none();
            is_left.then(|| Heard::Left(named.as_str().into_owned()))
        }
        _ => None,
    }
}

/// For how long a fault says that we are to stay away, in seconds.
pub(super) fn seconds(fault: &Fault) -> Option<u64> {
    match &fault.reaction {
        Reaction::IqError { code: 429, backoff, .. } => backoff.map(u64::from),
        Reaction::Failure { reason: 402, expire } => *expire,
        _ => None,
    }
}

/// Whether a fault hides what became of a leave. What is no code for a target of this kind is
/// asked once more, and then nobody knows.
pub(super) fn hides(fault: &Fault) -> bool {
    let hides = |code: u16| code == 400 || code >= 500;
    match &fault.reaction {
        Reaction::TargetError { code } | Reaction::IqError { code, .. } => hides(*code),
        Reaction::TargetErrors(codes) => codes.iter().copied().any(hides),
        Reaction::Failure { .. } => false,
        _ => true,
    }
}

impl State {
    /// Whether a run that heard for certain what WhatsApp said told just that.
    pub(super) fn judged_by_said(&self, run: &Run) -> Option<Wrong> {
        let told = run.answer.as_ref()?.told()?;
        let has_hung = run.seen.met.iter().any(|met| met.starts_with("connection"));
        let is_certain = !has_hung && !run.has_trouble && !run.is_queued && !told.replayed;
        if !is_certain || run.moved_began != run.moved_ended || self.is_crossed(run) {
            return None;
        }
        let wrong = |label, what: String| Some(Wrong { label, what: format!("{what}; {run:?}") });
        let results = run.groups.iter().zip(&run.identifiers).zip(&told.statuses);
        let mut results = results.zip(&told.messages);
        // Whatever storage does, what was heard is told.
        let is_hidden = self.scripts_beside(run).any(|script| script.hides);
        let unsaid = results.clone().filter(|_| !is_hidden).find(|(((group, text), status), _)| {
            run.heard.contains(&Heard::Left((*group).clone())) && is_jid(text) && **status != 200
        });
        if let Some((((group, _), status), message)) = unsaid {
            return wrong("left-and-not-said", format!("{group} {status} {message}"));
        }
        if !run.seen.met.is_empty() {
            return None;
        }
        let works = self.facts(run.instance).works.was_only(true, run.began, run.ended);
        let is_hidden = is_hidden || !works;
        let doubtful = results.find(|(((group, _), _), message)| {
            is_unconfirmed(message)
                && run.sent.contains(*group)
                && !is_hidden
                && !self.has_lost_before(run, group)
        });
        if let Some((((group, _), status), message)) = doubtful {
            return wrong("20-heard", format!("{group} {status} {message}"));
        }
        let ([group], [message]) = (run.groups.as_slice(), told.messages.as_slice()) else {
            return None;
        };
        let is_refused =
            message.starts_with("WhatsApp rate") || message.starts_with("WhatsApp is unavailable");
        if is_refused && run.evidence.contains(group) && run.sent.contains(group) {
            return wrong("open-refused", format!("{group} {message}"));
        }
        let begins = match run.heard.first()? {
            Heard::Gone => "Instance is not connected",
            Heard::Banned => "Instance is temporarily banned",
            Heard::Throttled => "WhatsApp rate limit",
            Heard::Left(_) => return None,
        };
        let may_be = is_unconfirmed(message) && self.has_lost_before(run, group);
        if !message.starts_with(begins) && !may_be {
            return wrong("said-otherwise", format!("{:?}: {message}", run.heard));
        }
        None
    }
}
