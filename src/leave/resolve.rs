//! From an identifier to a target that may be left: its JID, its kind, the
//! evidence of membership, and an intent that stands.

use super::attempt::Run;
use super::verdict::Verdict;
use super::was_attempted;
use crate::group::{Group, GroupJid, GroupKind};
use crate::identifier::{Identifier, InviteCode};
use crate::problem::Problem;
use crate::session::{Evidence, Intended};
use crate::whatsapp::{Failure, Metadata};

/// A target that may be left.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) intended: Intended,
    /// An invite of an unknown group has none.
    pub(super) evidence: Option<Evidence>,
}

impl Target {
    pub(super) fn group(&self) -> &Group {
        self.intended.group()
    }
}

impl Run<'_> {
    /// Resolves one identifier.
    ///
    /// # Errors
    /// The verdict, when there is nothing left to send.
    pub(super) async fn resolve(&mut self, identifier: &Identifier) -> Result<Target, Verdict> {
        match identifier {
            Identifier::Jid(jid) => self.resolve_jid(jid).await,
            Identifier::Invite(code) => self.resolve_invite(code).await,
        }
    }

    async fn resolve_jid(&mut self, jid: &GroupJid) -> Result<Target, Verdict> {
        let row = self.rows.get(jid).cloned();
        let evidence = row.as_ref().map(crate::session::Row::evidence);
        let group = match row {
            Some(row) if leaves_alone(&row.group().kind) => row.group().clone(),
            // A stale row must neither refuse nor take a whole community along.
            Some(row) => self.look(row.group(), evidence.clone()).await?.group().clone(),
            None => {
                // Its kind is not known yet, and nothing depends on it.
                let unknown = Group { jid: jid.clone(), kind: GroupKind::Group };
                let metadata = self.look(&unknown, None).await?;
                let evidence = self.record(&metadata).await?;
                return self.target(metadata.group().clone(), Some(evidence)).await;
            }
        };
        self.target(group, evidence).await
    }

    async fn resolve_invite(&mut self, code: &InviteCode) -> Result<Target, Verdict> {
        let group = match self.online.invite(code, self.budget).await {
            Ok(group) => group,
            Err(failure) => return Err(self.unresolved(&failure)),
        };
        let jids = [group.jid.clone()];
        let (rows, intended) = tokio::join!(
            self.leased.rows(&jids, self.budget),
            self.leased.intend(group.clone(), self.budget)
        );
        let stored = rows.and_then(|rows| Ok((rows, intended?)));
        let (rows, mut intended) = stored.map_err(|error| Verdict::NotSent {
            jid: Some(group.jid.clone()),
            problem: Problem::from(&error),
        })?;
        let mut evidence = rows.get(&group.jid).map(crate::session::Row::evidence);
        if !leaves_alone(&group.kind) {
            let metadata = self.look(&group, evidence.clone()).await?;
            if evidence.is_none() {
                evidence = Some(self.record(&metadata).await?);
            }
            intended = intended.of_kind(metadata.group().clone()).ok_or(Verdict::Unconfirmed)?;
        }
        Ok(Target { intended, evidence })
    }

    async fn target(&self, group: Group, evidence: Option<Evidence>) -> Result<Target, Verdict> {
        let jid = group.jid.clone();
        match self.leased.intend(group, self.budget).await {
            Ok(intended) => Ok(Target { intended, evidence }),
            Err(error) => Err(Verdict::NotSent { jid: Some(jid), problem: Problem::from(&error) }),
        }
    }

    /// An answered metadata query is evidence; its row is written before the stanza.
    async fn record(&self, metadata: &Metadata) -> Result<Evidence, Verdict> {
        let recorded = self.leased.record_membership(metadata, self.budget).await;
        recorded.map_err(|error| Verdict::NotSent {
            jid: Some(metadata.group().jid.clone()),
            problem: Problem::from(&error),
        })
    }

    /// Asks for a group's metadata before anything was sent, and refuses what
    /// WhatsApp's own word says cannot be left: an announcement group, and a
    /// community that is ours.
    async fn look(
        &mut self,
        group: &Group,
        evidence: Option<Evidence>,
    ) -> Result<Metadata, Verdict> {
        let jid = &group.jid;
        match self.online.metadata(jid, self.credentials, self.budget).await {
            Ok(metadata) if cannot_be_left(&metadata) => {
                Err(Verdict::Refused { group: metadata.group().clone() })
            }
            Ok(metadata) => Ok(metadata),
            Err(Failure::Iq { code: code @ (403 | 404), .. }) => {
                self.saw_code(code);
                Err(self.absent(group, evidence).await)
            }
            Err(failure) => {
                self.saw(&failure);
                Err(Verdict::NotSent { jid: Some(jid.clone()), problem: self.problem(&failure) })
            }
        }
    }

    /// We are not in `group` now. Whether that was our own act is told by an
    /// attempt whose outcome was lost (an earlier run's intent, or this run's own
    /// first try) together with evidence; one alone tells nothing.
    pub(super) async fn absent(&self, group: &Group, evidence: Option<Evidence>) -> Verdict {
        let jid = &group.jid;
        let attempted = was_attempted(self.leased.standing(jid)) || self.uncertain.contains(jid);
        match evidence {
            Some(evidence) if attempted => match self.linked_to(group).await {
                Some(linked) => Verdict::Recovered { evidence, group: group.clone(), linked },
                None => Verdict::Unconfirmed,
            },
            _ => Verdict::NotMember { jid: Some(jid.clone()) },
        }
    }

    /// The groups that go with a community; `None` when they cannot be read.
    pub(super) async fn linked_to(&self, group: &Group) -> Option<Vec<GroupJid>> {
        match group.kind {
            GroupKind::Community => self.leased.linked_to(&group.jid, self.budget).await.ok(),
            GroupKind::Group | GroupKind::Subgroup { .. } | GroupKind::Announcement { .. } => {
                Some(Vec::new())
            }
        }
    }

    /// An invite that led to no group. 410 is a revoked one; the other codes
    /// were all seen for codes that do not exist.
    fn unresolved(&mut self, failure: &Failure) -> Verdict {
        self.saw(failure);
        match failure {
            Failure::Iq { code: 410, .. } => Verdict::InviteRevoked,
            Failure::Iq { code: 400 | 401 | 403 | 404 | 406 | 416 | 423 | 436, .. } => {
                Verdict::NotMember { jid: None }
            }
            other => Verdict::NotSent { jid: None, problem: self.problem(other) },
        }
    }
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
