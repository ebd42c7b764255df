//! From an identifier to a target that may be left: its JID, its kind, and the
//! evidence of membership.

use domain::broken;
use domain::group::{Group, GroupJid, GroupKind};
use domain::identifier::{Identifier, InviteCode};
use domain::problem::Problem;
use domain::trace::Step;
use store::session::Standing;
use tokio::time::Instant;
use whatsapp::{InviteError, Metadata, MetadataError};

use super::evidence::Evidence;
use super::run::{Purpose, Run};
use super::target::Target;
use super::verdict::{Named, Verdict};

/// Where a group stands when nothing is known but its name.
pub(super) struct Looked {
    metadata: Metadata,
    evidence: Option<Evidence>,
}

impl Run<'_, '_> {
    /// Finds out what each identifier names, and whether that may be left. A group is
    /// looked at once, in whatever forms it is named.
    pub(super) async fn resolve_all(&mut self, wanted: &[&Identifier]) {
        let began = Instant::now();
        for (index, &identifier) in wanted.iter().enumerate() {
            // Each may take two questions.
            let left = (wanted.len() - index) * 2;
            match identifier {
                Identifier::Jid(jid) => self.resolve_jid(jid, left).await,
                Identifier::Invite(code) => {
                    let named = self.resolve_invite(code, left).await;
                    self.progress.named(identifier, named);
                }
            }
        }
        self.visit.trace().spent(Step::Resolve, began);
    }

    fn is_known(&self, jid: &GroupJid) -> bool {
        self.targets.contains_key(jid) || self.progress.has_ended(jid) || self.told.is_final(jid)
    }

    async fn resolve_jid(&mut self, jid: &GroupJid, left: usize) {
        if self.is_known(jid) {
            return;
        }
        let resolved = self.look_up(jid, left).await;
        self.resolved(jid, resolved);
    }

    fn resolved(&mut self, jid: &GroupJid, resolved: Result<Target, Verdict>) {
        match resolved {
            Ok(target) => {
                self.targets.insert(jid.clone(), target);
            }
            Err(verdict) => self.progress.ended(jid, verdict),
        }
    }

    async fn look_up(&mut self, jid: &GroupJid, left: usize) -> Result<Target, Verdict> {
        self.has_room(jid)?;
        if let Some(listed) = self.listed(jid) {
            return listed;
        }
        match self.rows.get(jid).cloned() {
            Some(row) if leaves_alone(&row.group().kind) => {
                let evidence = Some(Evidence::of_row(&row));
                Ok(Target { group: row.group().clone(), evidence, is_member: false })
            }
            // A stale row must neither refuse nor take a whole community along.
            Some(row) => self.look(row.group(), Some(Evidence::of_row(&row)), left).await?.target(),
            None => {
                // Its kind is not known yet, and nothing depends on it.
                let unknown = Group { jid: jid.clone(), kind: GroupKind::Group };
                let looked = self.look(&unknown, None, left).await?;
                self.recorded(looked).await?.target()
            }
        }
    }

    async fn resolve_invite(&mut self, code: &InviteCode, left: usize) -> Named {
        if let Some(problem) = self.stopped {
            return Named::Unknown(problem);
        }
        let Some(budget) = self.shares.question(left) else {
            return Named::Unknown(Problem::WhatsAppUnavailable);
        };
        let group = match self.online.invite(code, budget).await {
            Ok(group) => group,
            Err(error) => return self.unresolved(&error),
        };
        let jid = group.jid.clone();
        if !self.is_known(&jid) {
            let resolved = self.invited(group, left).await;
            self.resolved(&jid, resolved);
        }
        Named::Group(jid)
    }

    /// A group that an invite led to. Its row is read and its intent written side by
    /// side.
    async fn invited(&mut self, group: Group, left: usize) -> Result<Target, Verdict> {
        self.has_room(&group.jid)?;
        let is_new = self.leased.standing(&group.jid).is_none();
        if is_new && matches!(self.purpose, Purpose::Foretell(_)) {
            self.supposed.insert(group.jid.clone());
        }
        if let Some(listed) = self.listed(&group.jid) {
            return listed;
        }
        let jids = [group.jid.clone()];
        let budget = self.shares.run();
        let intending = async {
            match self.purpose {
                Purpose::Leave => self.leased.intend(vec![group.clone()], budget).await.map(|_| ()),
                Purpose::Foretell(_) => Ok(()),
            }
        };
        let (rows, intended) = tokio::join!(self.leased.rows(&jids, budget), intending);
        let row = rows.and_then(|mut rows| intended.map(|()| rows.remove(&group.jid)));
        let row = row.map_err(|error| nothing_done(Problem::from(&error)))?;
        let evidence = row.as_ref().map(Evidence::of_row);
        if leaves_alone(&group.kind) {
            return Ok(Target { group, evidence, is_member: false });
        }
        let looked = self.look(&group, evidence, left).await?;
        match looked.evidence {
            Some(_) => looked.target(),
            None => self.recorded(looked).await?.target(),
        }
    }

    /// What WhatsApp's list says of a group, when one was asked for and that decides: who
    /// owns a community is not in it.
    pub(super) fn listed(&self, jid: &GroupJid) -> Option<Result<Target, Verdict>> {
        let Purpose::Foretell(all) = self.purpose else { return None };
        let group = all.groups.get(jid)?.group.clone();
        match group.kind {
            GroupKind::Group | GroupKind::Subgroup { .. } => {
                let evidence = self.rows.get(jid).map(Evidence::of_row);
                Some(Ok(Target { group, evidence, is_member: true }))
            }
            GroupKind::Announcement { .. } => Some(Err(Verdict::Refused { group })),
            GroupKind::Community => None,
        }
    }

    /// Whether an intent could stand for it.
    fn has_room(&self, jid: &GroupJid) -> Result<(), Verdict> {
        let others = self.supposed.iter().filter(|other| *other != jid).count();
        let room = self.leased.has_room_beside(others, jid);
        room.map_err(|error| nothing_done(Problem::from(&error)))
    }

    /// An answered metadata query is evidence; its row is written before the stanza.
    async fn recorded(&self, looked: Looked) -> Result<Looked, Verdict> {
        if self.purpose == Purpose::Leave && !broken!(MetadataWritesTheRow) {
            let group = looked.metadata.group();
            let recorded = self.leased.record_membership(group, self.shares.run()).await;
            recorded.map_err(|error| nothing_done(Problem::from(&error)))?;
        }
        Ok(Looked { evidence: Some(Evidence::of_metadata(&looked.metadata)), ..looked })
    }

    /// Asks for a group's metadata before anything was sent, and refuses what
    /// WhatsApp's own word says cannot be left: an announcement group, and a
    /// community that is ours.
    pub(super) async fn look(
        &mut self,
        group: &Group,
        evidence: Option<Evidence>,
        left: usize,
    ) -> Result<Looked, Verdict> {
        if let Some(problem) = self.stopped {
            return Err(nothing_done(problem));
        }
        let Some(budget) = self.shares.question(left) else {
            return Err(nothing_done(Problem::WhatsAppUnavailable));
        };
        match self.online.metadata(&group.jid, self.credentials, budget).await {
            Ok(metadata) if cannot_be_left(&metadata) => {
                Err(Verdict::Refused { group: metadata.group().clone() })
            }
            Ok(metadata) => Ok(Looked { metadata, evidence }),
            Err(MetadataError::NotMember(failure)) => {
                self.saw_code(failure.code());
                Err(self.absent(group, evidence, false).await)
            }
            Err(MetadataError::Failed(failure)) => {
                self.saw(&failure);
                Err(nothing_done(self.problem(&failure)))
            }
        }
    }

    /// We are not in `group` now. Whether that was our own act is told by an
    /// attempt whose outcome was lost (an earlier run's intent, or a stanza of this
    /// run's own) together with evidence; one alone tells nothing.
    pub(super) async fn absent(
        &self,
        group: &Group,
        evidence: Option<Evidence>,
        is_uncertain: bool,
    ) -> Verdict {
        let standing = broken!(LostLeaveIsTold => None; self.leased.standing(&group.jid));
        let attempted = was_attempted(standing) || is_uncertain || broken!(IntentIsNeeded);
        match broken!(EvidenceIsNeeded =>
            evidence.or_else(|| Some(Evidence::forged(&group.jid))); evidence)
        {
            Some(evidence) if attempted => match self.linked_to(group).await {
                Some(linked) => Verdict::Recovered { evidence, group: group.clone(), linked },
                None => Verdict::Unconfirmed,
            },
            _ => Verdict::NotMember,
        }
    }

    /// The groups that go with a community; `None` when they cannot be read.
    pub(super) async fn linked_to(&self, group: &Group) -> Option<Vec<GroupJid>> {
        match group.kind {
            GroupKind::Community => self.leased.linked_to(&group.jid, self.shares.run()).await.ok(),
            GroupKind::Group | GroupKind::Subgroup { .. } | GroupKind::Announcement { .. } => {
                Some(Vec::new())
            }
        }
    }

    /// An invite that led to no group.
    fn unresolved(&mut self, error: &InviteError) -> Named {
        let (InviteError::Revoked(failure)
        | InviteError::Nowhere(failure)
        | InviteError::Failed(failure)) = error;
        self.saw(failure);
        match error {
            InviteError::Revoked(_) => Named::Revoked,
            InviteError::Nowhere(_) => Named::Nowhere,
            InviteError::Failed(failure) => Named::Unknown(self.problem(failure)),
        }
    }
}

impl Looked {
    #[allow(clippy::unnecessary_wraps, reason = "the end of a chain of results")]
    pub(super) fn target(self) -> Result<Target, Verdict> {
        let group = self.metadata.group().clone();
        Ok(Target { group, evidence: self.evidence, is_member: true })
    }
}

pub(super) fn nothing_done(problem: Problem) -> Verdict {
    Verdict::NothingDone { problem }
}

/// Kinds that are left by naming them, with nothing else in sight.
fn leaves_alone(kind: &GroupKind) -> bool {
    matches!(kind, GroupKind::Group | GroupKind::Subgroup { .. })
}

/// By WhatsApp's own metadata of this run, never by a stored row alone.
pub(super) fn cannot_be_left(metadata: &Metadata) -> bool {
    match metadata.group().kind {
        GroupKind::Announcement { .. } => true,
        GroupKind::Community => metadata.is_owned_by_us(),
        GroupKind::Group | GroupKind::Subgroup { .. } => false,
    }
}

/// Whether an earlier run tried to leave a group and its outcome was lost.
pub(super) fn was_attempted(standing: Option<Standing>) -> bool {
    standing == Some(Standing::Earlier)
}
