//! The truth of the world, and whether answers told it. The rules: `docs/contract.md`, Truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::identifier::Identifier;
use serde_json::Value;
use whatsapp_simulator::{Direction, Fault, Moment};

use crate::coverage::Coverage;
use crate::machine::Seen;
use crate::standing::Standing;
use crate::steps::Ask;
use crate::tame;
use crate::world::{ANNOUNCEMENT, COMMUNITY, INSTANCES, NOWHERE, SUBGROUPS, World, groups};

/// An answer that is not true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Which rule it breaks.
    pub(crate) label: &'static str,
    pub(crate) what: String,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One status for each identifier, and over HTTP the whole of it.
    Told {
        statuses: Vec<u16>,
        messages: Vec<String>,
        body: String,
        replayed: bool,
    },
    /// The invocation failed.
    Failed(String),
    Crashed,
    /// It took longer than it had.
    Killed,
}

impl Answer {
    pub(crate) fn read(reply: &str) -> Self {
        let reply: Value = serde_json::from_str(reply).unwrap_or_default();
        if let Some(results) = reply["results"].as_array() {
            let text = |it: &Value| it["message"].as_str().unwrap_or_default().to_owned();
            let status = |it: &Value| u16::try_from(it["status"].as_u64().unwrap_or_default());
            return Self::Told {
                statuses: results.iter().map(|it| status(it).unwrap_or_default()).collect(),
                messages: results.iter().map(text).collect(),
                body: String::new(),
                replayed: false,
            };
        }
        let body = reply["body"].as_str().unwrap_or_default().to_owned();
        let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = parsed["error"]["message"].as_str().or(parsed["message"].as_str());
        let status = reply["statusCode"].as_u64().and_then(|it| u16::try_from(it).ok());
        let replayed = reply["headers"]["idempotent-replayed"] == "true";
        Self::Told {
            statuses: vec![status.unwrap_or_default()],
            messages: vec![message.unwrap_or_default().to_owned()],
            body,
            replayed,
        }
    }
}

/// Why a membership changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// By a leave on this connection.
    Left(u64),
    Removed,
    Joined,
}

#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Of time that no clock's move changes, in milliseconds.
    pub(crate) at: u64,
    pub(crate) phone: String,
    pub(crate) group: String,
    pub(crate) cause: Cause,
}

/// One run, as it is known from outside.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) instance: usize,
    /// The group of each identifier.
    pub(crate) groups: Vec<String>,
    pub(crate) identifiers: Vec<String>,
    pub(crate) key: Option<u8>,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// What the clocks had been moved by then, in milliseconds.
    pub(crate) moved_began: i64,
    pub(crate) moved_ended: i64,
    /// On the world's clock.
    pub(crate) world_began: u64,
    pub(crate) answer: Option<Answer>,
    pub(crate) seen: Seen,
    pub(crate) has_trouble: bool,
    /// What was asked, and how the session stood, as situations are counted.
    pub(crate) situation: (&'static str, &'static str),
    pub(crate) troubles: BTreeSet<&'static str>,
    /// Groups of which a roster row of the session's generation stood in the table.
    pub(crate) rows: BTreeSet<String>,
    /// Groups of which an open leave and evidence of membership stood in the table.
    pub(crate) evidence: BTreeSet<String>,
    pub(crate) is_judged: bool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) runs: Vec<Run>,
    pub(crate) changes: Vec<Change>,
    pub(crate) wrong: Option<Wrong>,
    /// Since when what a phone's instance did before counts no more.
    pub(crate) forgotten: BTreeMap<String, u64>,
    /// What the clocks were moved by altogether, in milliseconds.
    pub(crate) moved: i64,
    coverage: Coverage,
    pub(crate) standing: Standing,
}

/// Clones are the same oracle.
#[derive(Clone)]
pub(crate) struct Oracle(Arc<Mutex<State>>);

impl Oracle {
    pub(crate) fn new(world: &World) -> Self {
        let oracle = Self(Arc::default());
        let watching = oracle.clone();
        world.chat.watch_departures(move |departure| {
            let cause = Cause::Left(departure.connection);
            watching.changed(&departure.phone, &departure.group, cause);
        });
        oracle
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wrong(&self) -> Option<Wrong> {
        self.state().wrong.clone()
    }

    fn changed(&self, phone: &str, group: &str, cause: Cause) {
        let (phone, group) = (phone.to_owned(), group.to_owned());
        self.state().changes.push(Change { at: tame::elapsed(), phone, group, cause });
    }

    pub(crate) fn joined(&self, phone: &str, group: &str) {
        self.changed(phone, group, Cause::Joined);
    }

    pub(crate) fn removed(&self, phone: &str, group: &str) {
        self.changed(phone, group, Cause::Removed);
    }

    /// The situations that were reached.
    pub(crate) fn coverage(&self) -> Coverage {
        self.state().coverage.clone()
    }

    /// What an instance did before is forgotten: it was deleted.
    pub(crate) fn forgotten(&self, phone: &str) {
        self.state().forgotten.insert(phone.to_owned(), tame::elapsed());
    }

    pub(crate) fn moved(&self, by: i64) {
        self.state().moved += by;
    }

    /// When the latest run without an outcome began, on the world's clock.
    pub(crate) fn oldest_lost(&self) -> Option<u64> {
        let state = self.state();
        let lost = state.runs.iter().rev().find(|run| run.lost_any());
        lost.map(|run| run.world_began)
    }

    /// A run begins; returns its number.
    pub(crate) fn begin(&self, ask: &Ask, identifiers: &[String], world: &World) -> u64 {
        let stood = world.stands(ask.instance);
        let groups = identifiers.iter().map(|text| group_of(text));
        let rows = groups.clone().filter(|group| world.has_row(ask.instance, group)).collect();
        let evidence = groups.filter(|group| world.has_evidence(ask.instance, group)).collect();
        let asked = match (identifiers, ask.identifier.as_str()) {
            ([_, _, ..], _) => "batch",
            (_, text) if group_of(text) == COMMUNITY => "community",
            (_, text) if is_jid(text) => "jid",
            _ => "invite",
        };
        let mut troubles = BTreeSet::new();
        if ask.trouble.crash.is_some() {
            troubles.insert("crash");
        }
        if ask.trouble.freeze.is_some() {
            troubles.insert("freeze");
        }
        if let Some(fault) = &ask.server {
            troubles.insert(server(fault));
        }
        let mut state = self.state();
        let number = u64::try_from(state.runs.len()).unwrap_or_default();
        let moved = state.moved;
        state.runs.push(Run {
            number,
            instance: ask.instance,
            groups: identifiers.iter().map(|text| group_of(text)).collect(),
            identifiers: identifiers.to_vec(),
            key: ask.key,
            began: tame::elapsed(),
            ended: u64::MAX,
            moved_began: moved,
            moved_ended: moved,
            world_began: tame::world_now(),
            answer: None,
            seen: Seen::default(),
            has_trouble: ask.trouble != crate::machine::Trouble::default(),
            situation: (asked, stood),
            troubles,
            rows,
            evidence,
            is_judged: false,
        });
        number
    }

    pub(crate) fn end(&self, number: u64, answer: Answer, seen: Seen) {
        let mut state = self.state();
        let moved = state.moved;
        if let Some(run) = usize::try_from(number).ok().and_then(|at| state.runs.get_mut(at)) {
            run.answer = Some(answer);
            run.ended = tame::elapsed();
            run.moved_ended = moved;
            let met = seen.met.iter().chain(&run.troubles).copied().collect();
            run.seen = seen;
            let (asked, stood) = run.situation;
            state.coverage.count(asked, &met, stood);
        }
    }

    /// Judges the runs that have ended. Returns whether an environment is gone.
    pub(crate) fn judge(&self, world: &World) -> bool {
        let record = world.chat.record();
        let mut state = self.state();
        let mut is_gone = false;
        let ended: Vec<usize> = (0..state.runs.len())
            .filter(|at| !state.runs[*at].is_judged && state.runs[*at].answer.is_some())
            .collect();
        for at in ended {
            state.runs[at].is_judged = true;
            let run = state.runs[at].clone();
            is_gone |= matches!(run.answer, Some(Answer::Crashed | Answer::Killed));
            let named: Vec<String> = record
                .stanzas
                .iter()
                .filter(|stanza| {
                    stanza.direction == Direction::Received
                        && run.seen.connections.contains(&stanza.connection)
                        && stanza.name() == "leave"
                })
                .map(|stanza| format!("{:?}", stanza.node))
                .collect();
            let wrong = state.judged(&run, &named).or_else(|| state.judged_by_key(&run));
            if let Some(wrong) = wrong {
                state.wrong.get_or_insert(wrong);
            }
        }
        let by_us = record.overlaps.iter().find(|overlap| !overlap.ended_by_replaced);
        if let Some(overlap) = by_us {
            let what = format!("{overlap:?}");
            state.wrong.get_or_insert(Wrong { label: "sockets", what });
        }
        if record.acks() > 0 {
            let what = "something was acknowledged".to_owned();
            state.wrong.get_or_insert(Wrong { label: "acks", what });
        }
        is_gone
    }

    /// The last request of an instance for a group: nothing befell it.
    pub(crate) fn ended(&self, world: &World, instance: usize, jid: &str) {
        let (.., phone) = INSTANCES[instance];
        let mut state = self.state();
        let Some(Answer::Told { statuses, messages, .. }) =
            state.runs.last().and_then(|run| run.answer.clone())
        else {
            let what = "the last request has no answer".to_owned();
            state.wrong.get_or_insert(Wrong { label: "end", what });
            return;
        };
        let is_in = world.chat.is_member(jid, phone);
        let is_right = match statuses[0] {
            200 | 404 => !is_in,
            403 => jid == ANNOUNCEMENT,
            _ => false,
        };
        if !is_right {
            let what = format!("{jid}: {statuses:?} {messages:?}, member {is_in}");
            state.wrong.get_or_insert(Wrong { label: "end", what });
        }
    }

    /// Nothing is left in the table that a next request would have to heal.
    pub(crate) fn left_behind(&self, world: &World) {
        let items = world.dynamo.items();
        for item in items {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let (pk, sk) = (text("pk"), text("sk"));
            if !pk.starts_with("INSTANCE#") {
                continue;
            }
            let is_session = sk == "SESSION";
            let has_lease = is_session && item["lease_owner"]["S"].as_str().is_some();
            let intents = item["intents"]["M"].as_object().map_or(0, serde_json::Map::len);
            let jid = sk.strip_prefix("GROUP#").unwrap_or_default();
            let instance = INSTANCES
                .into_iter()
                .find(|(account, name, _)| pk == format!("INSTANCE#{account}#{name}"));
            let is_stale_row = !jid.is_empty()
                && instance.is_some_and(|(.., phone)| !world.chat.is_member(jid, phone));
            if has_lease || intents > 0 || is_stale_row {
                let label = if is_stale_row { "row-left" } else { "left-behind" };
                let what = format!("{pk} {sk}: {item}");
                self.state().wrong.get_or_insert(Wrong { label, what });
            }
        }
    }
}

/// The group that an identifier leads to.
fn group_of(text: &str) -> String {
    match Identifier::parse(text) {
        Ok(Identifier::Jid(jid)) => jid.to_string(),
        Ok(Identifier::Invite(code)) => groups()
            .find(|(_, known)| *known == code.as_str())
            .map_or_else(|| NOWHERE.to_owned(), |(jid, _)| jid.to_owned()),
        Err(_) => String::new(),
    }
}

pub(crate) fn is_jid(text: &str) -> bool {
    matches!(Identifier::parse(text), Ok(Identifier::Jid(_)))
}

/// A fault of WhatsApp's, by the moment when it comes.
fn server(fault: &Fault) -> &'static str {
    match fault.moment {
        Moment::Leave => "server: at the leave",
        Moment::Login => "server: at the login",
        Moment::Metadata => "server: at metadata",
        Moment::Invite => "server: at an invite",
        _ => "server: elsewhere",
    }
}

/// What goes when this is left.
pub(crate) fn along(group: &str) -> Vec<&str> {
    if group == COMMUNITY {
        [COMMUNITY, ANNOUNCEMENT].into_iter().chain(SUBGROUPS).collect()
    } else {
        vec![group]
    }
}

impl Run {
    pub(crate) fn phone(&self) -> &'static str {
        INSTANCES[self.instance].2
    }

    /// Whether the outcome of any of its leaves may be unknown to everybody.
    fn lost_any(&self) -> bool {
        match &self.answer {
            None | Some(Answer::Crashed | Answer::Killed | Answer::Failed(_)) => {
                !self.seen.connections.is_empty()
            }
            Some(Answer::Told { messages, .. }) => messages.iter().any(|it| is_unconfirmed(it)),
        }
    }

    /// Whether it told how we stand to the group for certain: out, or refused although in.
    pub(crate) fn told(&self, group: &str) -> bool {
        let Some(Answer::Told { statuses, .. }) = &self.answer else { return false };
        let told = self.groups.iter().zip(statuses);
        told.clone().any(|(asked, status)| asked == group && matches!(status, 200 | 403 | 404))
    }

    /// Whether it asked for the group, or for its community.
    pub(crate) fn names(&self, group: &str) -> bool {
        self.groups.iter().any(|asked| along(asked).contains(&group))
    }

    /// Whether the outcome for `group` may be unknown, or its telling not written down.
    pub(crate) fn lost(&self, group: &str) -> bool {
        if !self.names(group) {
            return false;
        }
        match &self.answer {
            None | Some(Answer::Crashed | Answer::Killed | Answer::Failed(_)) => true,
            Some(Answer::Told { messages, .. }) => {
                self.seen.is_disturbed
                    || self.has_trouble
                    || self.groups.iter().zip(messages).any(|(asked, message)| {
                        along(asked).contains(&group) && is_unconfirmed(message)
                    })
            }
        }
    }
}

pub(crate) fn is_unconfirmed(message: &str) -> bool {
    message.starts_with("WhatsApp did not confirm the leave")
}
