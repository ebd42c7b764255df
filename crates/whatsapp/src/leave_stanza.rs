//! The leave itself, with WhatsApp's status for each target.
//!
//! Every target of `<leave>` comes back as a child of the reply's `<leave>`,
//! with `error="CODE"` when it was not left. `LeaveGroupIq` of `wacore` throws
//! that reply away, so it is read here.

use domain::broken;
use domain::clock::Budget;
use domain::group::{Group, GroupJid, GroupKind};
use domain::trace::WhatsAppCode;
use wacore::request::InfoQueryType;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeRef};

use super::failure::Failure;
use super::groups::group_jid;
use super::online::{Online, Unanswered};
use super::pause::Pause;
use super::refusal::{Refusal, THROTTLED};
use super::stanza::{self, Iq};

/// WhatsApp's own word that this very target was left. Only the reader of the
/// leave's reply makes one, and a 200 needs it.
///
/// ```compile_fail
/// use whatsapp::Confirmed;
/// let forged = Confirmed { target: "120363406289005073@g.us".parse().unwrap() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    target: GroupJid,
}

impl Confirmed {
    /// The target that was left.
    pub fn target(&self) -> &GroupJid {
        &self.target
    }
}

/// What WhatsApp says about one target. Source of the codes: WhatsApp Web's group exit job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetReply {
    /// No error: left.
    Left(Confirmed),
    /// 404: we are not in it, or there is no such group.
    NotMember(WhatsAppCode),
    /// 401, 403, 405, 406: refused, to members and strangers alike.
    Denied(WhatsAppCode),
    /// 400: it was named as another kind than it is.
    WrongKind(WhatsAppCode),
    /// 429: throttled, with the time that came with it.
    Throttled(Failure),
    /// 5xx: it may have been carried out all the same.
    Failed(WhatsAppCode),
    /// Another code, or none that is a number: nobody knows.
    Unknown(WhatsAppCode),
    /// The reply does not name it.
    Missing,
}

impl Refusal {
    fn of_target(&self) -> TargetReply {
        TargetReply::of_error(self.code(), self.backoff())
    }
}

impl TargetReply {
    /// WhatsApp's own code, for the log.
    pub fn code(&self) -> Option<WhatsAppCode> {
        match self {
            Self::NotMember(code)
            | Self::Denied(code)
            | Self::WrongKind(code)
            | Self::Failed(code)
            | Self::Unknown(code) => Some(*code),
            Self::Throttled(failure) => failure.code(),
            Self::Left(_) | Self::Missing => None,
        }
    }

    fn left(target: &Group) -> Self {
        Self::Left(Confirmed { target: target.jid.clone() })
    }

    fn of_error(code: u16, backoff: Pause) -> Self {
        let logged = WhatsAppCode::new(code);
        match code {
            404 => Self::NotMember(logged),
            401 | 403 | 405 | 406 => Self::Denied(logged),
            400 => Self::WrongKind(logged),
            THROTTLED => Self::Throttled(Failure::Iq(Refusal::new(code, backoff))),
            500.. if broken!(FailedIsUnconfirmed) => Self::Denied(logged),
            500.. => Self::Failed(logged),
            _ => Self::Unknown(logged),
        }
    }
}

/// Why a leave has no reply with a status for each target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaveError {
    /// Nothing of the stanza left this process: nobody was made to leave.
    #[error("not sent: {0}")]
    Unsent(#[source] Failure),
    /// The lease had no time left right before the stanza: nobody was made to leave.
    #[error("not sent: the lease ran out")]
    LeaseExpired,
    /// The stanza was handed to a live connection, and no valid reply came: it
    /// may have been carried out, whatever the failure says.
    #[error("no reply: {0}")]
    Lost(#[source] Failure),
}

impl Online {
    /// Leaves the targets with one stanza, if the lease still has time right before it is
    /// sent (`is_held`), and returns what WhatsApp says of each, in order. `<group>` and
    /// `<linked_groups>` never mix in one `<leave>`, so communities and groups must come
    /// apart: see [`share_stanza`].
    ///
    /// # Errors
    /// [`LeaveError`], which tells whether the stanza can have been carried out.
    ///
    /// [`share_stanza`]: Self::share_stanza
    pub async fn leave(
        &mut self,
        targets: &[Group],
        budget: Budget,
        is_held: impl FnOnce() -> bool,
    ) -> Result<Vec<TargetReply>, LeaveError> {
        let children: Vec<Node> = targets.iter().map(element).collect();
        let leave = NodeBuilder::new("leave").children(children).build();
        let iq = Iq::to_groups(InfoQueryType::Set, leave);
        let answer = self.exchange(iq, budget, is_held).await;
        let reply = answer.map_err(|unanswered| match unanswered {
            Unanswered::Withheld => LeaveError::LeaseExpired,
            Unanswered::Unsent(failure) => LeaveError::Unsent(failure),
            Unanswered::Lost(failure) if broken!(LostIsUnconfirmed) => LeaveError::Unsent(failure),
            Unanswered::Lost(failure) => LeaveError::Lost(failure),
        })?;
        let reply = match stanza::accepted(reply) {
            Ok(reply) => reply,
            Err(Failure::Iq(_)) if broken!(IqErrorCounts) => {
                return Ok(targets.iter().map(TargetReply::left).collect());
            }
            // The error of the whole counts for each target.
            Err(Failure::Iq(refusal)) => {
                return Ok(targets.iter().map(|_| refusal.of_target()).collect());
            }
            Err(other) => return Err(LeaveError::Lost(other)),
        };
        let leave = reply.get_optional_child("leave");
        broken!(LeaveElementIsNeeded => if leave.is_none() {
            return Ok(targets.iter().map(TargetReply::left).collect());
        });
        Ok(targets
            .iter()
            .map(|target| leave.map_or(TargetReply::Missing, |leave| read(leave, target)))
            .collect())
    }

    /// Whether two targets may stand in one `<leave>`.
    pub fn share_stanza(one: &Group, other: &Group) -> bool {
        form(&one.kind) == form(&other.kind)
    }
}

/// The element that names a target, and the attribute in it.
fn form(kind: &GroupKind) -> (&'static str, &'static str) {
    match kind {
        GroupKind::Community => ("linked_groups", "parent_group_jid"),
        GroupKind::Group | GroupKind::Subgroup { .. } | GroupKind::Announcement { .. } => {
            ("group", "id")
        }
    }
}

fn element(target: &Group) -> Node {
    broken!(OnlyTheNamedIsLeft => if let Some(parent) = target.kind.parent() {
        return element(&Group { jid: parent.clone(), kind: GroupKind::Community });
    });
    let (tag, attribute) = form(&target.kind);
    NodeBuilder::new(tag).attr(attribute, Jid::group(target.jid.user())).build()
}

/// Two contradicting entries for one target are no confirmation: the error counts.
fn read(leave: &NodeRef<'_>, target: &Group) -> TargetReply {
    let (tag, attribute) = form(&target.kind);
    let mut found = broken!(TargetIsNeeded => TargetReply::left(target); TargetReply::Missing);
    for entry in leave.get_children_by_tag(tag) {
        let named = stanza::attribute(entry, attribute).and_then(|id| group_jid(&id));
        if named.as_ref() != Some(&target.jid) && !broken!(TargetIsCompared) {
            continue;
        }
        match stanza::attribute(entry, "error") {
            None => found = TargetReply::left(target),
            Some(_) if broken!(TargetErrorCounts) => found = TargetReply::left(target),
            Some(code) => match code.parse() {
                Ok(200) => found = TargetReply::left(target),
                code => {
                    let code = code.unwrap_or_default();
                    return TargetReply::of_error(code, Pause::default());
                }
            },
        }
    }
    found
}
