//! One run, as it is known from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::identifier::Identifier;
use whatsapp_simulator::{Fault, Moment};

use super::Answer;
use super::answer::Told;
use super::fences::Lease;
use super::said::Heard;
use crate::machine::{Seen, Trouble};
use crate::stand::Stand;
use crate::steps::{Ask, Bearer};
use crate::tame;
use crate::tokens::Carried;
use crate::world::{
    ANNOUNCEMENT, ATTACHED, COMMUNITY, INSTANCES, NOWHERE, SUBGROUPS, World, groups,
};

/// Most identifiers that are looked at in one go.
pub(super) const ONE_PORTION: usize = 40;
/// Longest that a run works.
const LONGEST_RUN: Duration = Duration::from_secs(25);
/// Time in which an undisturbed run comes to its end.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// One run, as it is known from outside.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) request_id: String,
    pub(crate) instance: usize,
    /// The group of each identifier.
    pub(crate) groups: Vec<String>,
    pub(crate) identifiers: Vec<String>,
    pub(crate) key: Option<u8>,
    pub(crate) bearer: Bearer,
    /// The token, where there is one.
    pub(crate) carried: Option<Carried>,
    /// Whether the token of another instance of its account was carried.
    pub(crate) has_neighbour: bool,
    /// Whether somebody was at the instance's tokens meanwhile.
    pub(crate) token_changed: bool,
    /// Whether messages of a queue asked for it.
    pub(crate) is_queued: bool,
    /// Whether it has so little time that it may do nothing.
    pub(crate) is_short: bool,
    /// Whether a group may be attached to the community.
    attaches: bool,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// How long it had at most, in milliseconds.
    pub(crate) had: u64,
    /// The leases that it took: each portion of a long order has its own.
    pub(crate) leases: Vec<Lease>,
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
    /// Until when WhatsApp was to be left alone, and until when somebody had the lease, in
    /// milliseconds of the Unix epoch.
    pub(crate) until: (u64, u64),
    /// What WhatsApp said to it.
    pub(crate) heard: Vec<Heard>,
    /// Whether it was being deleted.
    pub(crate) was_deleting: bool,
    /// Groups of which a roster row of the session's generation stood in the table.
    pub(crate) rows: BTreeSet<String>,
    /// Groups of which an open leave and evidence of membership stood in the table.
    pub(crate) evidence: BTreeSet<String>,
    /// The same, and what may have ended by another's clock.
    pub(crate) maybe_evidence: BTreeSet<String>,
    /// Groups that WhatsApp was asked about, and that it was asked to leave.
    pub(crate) looked_at: BTreeSet<String>,
    pub(crate) sent: BTreeSet<String>,
    /// The same, more than once.
    pub(crate) sent_again: BTreeSet<String>,
    pub(crate) is_judged: bool,
}

/// What a run begins with.
pub(crate) struct Begun<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) instance: usize,
    pub(crate) identifiers: &'a [String],
    pub(crate) request_id: &'a str,
    pub(crate) carried: Option<Carried>,
    pub(crate) is_queued: bool,
}

impl Run {
    /// One that begins now.
    pub(super) fn begin(
        number: u64,
        begun: Begun<'_>,
        moved: i64,
        attaches: bool,
        world: &World,
    ) -> Self {
        let Begun { ask, instance, identifiers, request_id, carried, is_queued } = begun;
        let stand = Stand::of(world, instance);
        let groups = || identifiers.iter().map(|text| group_of(text));
        let asked = match (identifiers, ask.identifier.as_str()) {
            _ if is_queued => "queue",
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
        troubles.extend(ask.server.iter().map(server));
        let (account, ..) = INSTANCES[instance];
        let mut others = INSTANCES.into_iter().enumerate();
        Self {
            number,
            request_id: request_id.to_owned(),
            instance,
            groups: groups().collect(),
            identifiers: identifiers.to_vec(),
            key: ask.key.filter(|_| carried.is_some()),
            bearer: ask.bearer,
            carried,
            has_neighbour: others.any(|(other, (its, ..))| other != instance && its == account),
            token_changed: false,
            is_queued,
            is_short: ask.remaining < LONG_ENOUGH,
            attaches,
            began: tame::elapsed(),
            ended: u64::MAX,
            had: u64::try_from(ask.remaining.min(LONGEST_RUN).as_millis()).unwrap_or(u64::MAX),
            leases: Vec::new(),
            moved_began: moved,
            moved_ended: moved,
            world_began: tame::world_now(),
            answer: None,
            seen: Seen::default(),
            has_trouble: ask.trouble != Trouble::default(),
            situation: (asked, stand.name()),
            troubles,
            until: stand.until(),
            heard: Vec::new(),
            was_deleting: stand.is_deleting(),
            evidence: stand.evidence().map(|(group, _)| group).collect(),
            maybe_evidence: stand.maybe_evidence(),
            looked_at: BTreeSet::new(),
            sent: BTreeSet::new(),
            sent_again: BTreeSet::new(),
            rows: stand.rows,
            is_judged: false,
        }
    }
}

/// The group that an identifier leads to.
pub(crate) fn group_of(text: &str) -> String {
    match Identifier::parse(text) {
        Ok(Identifier::Jid(jid)) => jid.to_string(),
        Ok(Identifier::Invite(code)) => groups()
            .find(|(_, known)| *known == code.as_str())
            .map_or_else(|| format!("{NOWHERE} {}", code.as_str()), |(jid, _)| jid.to_owned()),
        Err(_) => String::new(),
    }
}

pub(crate) fn is_jid(text: &str) -> bool {
    matches!(Identifier::parse(text), Ok(Identifier::Jid(_)))
}

/// A fault of WhatsApp's, by the moment when it comes.
pub(crate) fn server(fault: &Fault) -> &'static str {
    match fault.moment {
        Moment::Leave => "server: at the leave",
        Moment::Login => "server: at the login",
        Moment::Metadata => "server: at metadata",
        Moment::Invite => "server: at an invite",
        _ => "server: elsewhere",
    }
}

impl Run {
    pub(crate) fn phone(&self) -> &'static str {
        INSTANCES[self.instance].2
    }

    /// What goes when this is left.
    pub(crate) fn along<'a>(&self, group: &'a str) -> Vec<&'a str> {
        if group != COMMUNITY {
            return vec![group];
        }
        let attached = self.attaches.then_some(ATTACHED);
        [COMMUNITY, ANNOUNCEMENT].into_iter().chain(SUBGROUPS).chain(attached).collect()
    }

    fn told_results(&self) -> Option<&Told> {
        self.answer.as_ref().and_then(Answer::told)
    }

    /// Whether the outcome of any of its leaves may be unknown to everybody.
    pub(super) fn lost_any(&self) -> bool {
        match &self.answer {
            None | Some(Answer::Crashed | Answer::Killed | Answer::Failed(_)) => {
                !self.seen.connections.is_empty()
            }
            Some(Answer::Told(told)) => told.messages.iter().any(|it| is_unconfirmed(it)),
        }
    }

    /// Whether nobody was given its answer.
    pub(super) fn is_lost(&self) -> bool {
        self.told_results().is_none()
    }

    /// What its line calls the outcome for the identifier at a place.
    pub(super) fn name(&self, at: usize) -> &str {
        self.told_results().and_then(|told| told.names.get(at)).map_or("", String::as_str)
    }

    /// Whether nothing befell it, and it was told.
    pub(super) fn is_plain(&self) -> bool {
        self.told_results().is_some()
            && self.seen.met.is_empty()
            && !self.has_trouble
            && self.moved_began == self.moved_ended
    }

    /// How long WhatsApp is to be left alone, as it was told, in milliseconds.
    pub(super) fn blocked_for(&self) -> Option<i64> {
        let told = self.told_results()?;
        let at = told.messages.iter().position(|message| {
            message.starts_with("WhatsApp rate limit")
                || message.starts_with("Instance is temporarily banned")
        })?;
        let wait = told.waits.get(at).copied().flatten()?;
        i64::try_from(wait * 1_000).ok()
    }

    /// Whether any of its results begins so.
    pub(super) fn was_told(&self, begins: &str) -> bool {
        self.told_results()
            .is_some_and(|told| told.messages.iter().any(|it| it.starts_with(begins)))
    }

    /// Whether what became of the group was told: not that nobody knows.
    pub(super) fn was_told_of(&self, group: &str) -> bool {
        self.told_results().is_some_and(|told| {
            let mut told = self.groups.iter().zip(&told.messages);
            !told.any(|(asked, message)| {
                self.along(asked).contains(&group) && is_unconfirmed(message)
            })
        })
    }

    /// Whether it told how we stand to the group for certain: out, or refused although in.
    pub(crate) fn told(&self, group: &str) -> bool {
        let Some(told) = self.told_results() else { return false };
        let mut told = self.groups.iter().zip(&told.statuses).zip(&told.messages);
        told.any(|((asked, status), message)| {
            let is_told = match status {
                200 => true,
                403 => message.starts_with("Not allowed"),
                404 => !message.starts_with("Instance"),
                _ => false,
            };
            asked == group && is_told
        })
    }

    /// Whether it asked for the group, or for its community.
    pub(crate) fn names(&self, group: &str) -> bool {
        self.groups.iter().any(|asked| self.along(asked).contains(&group))
    }

    /// Whether the outcome for `group` may be unknown, or its telling not written down.
    pub(crate) fn lost(&self, group: &str) -> bool {
        if !self.names(group) {
            return false;
        }
        match self.told_results() {
            None => true,
            Some(_) => self.seen.is_disturbed || self.has_trouble || !self.was_told_of(group),
        }
    }
}

pub(crate) fn is_unconfirmed(message: &str) -> bool {
    message.starts_with("WhatsApp did not confirm the leave")
}
