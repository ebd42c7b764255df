//! What a leave would do, without doing it: resolves identifiers over a connection
//! of the instance and sends no leave.

use domain::group::{Group, GroupJid, GroupKind};
use domain::identifier::{Identifier, InviteCode};
use domain::problem::Problem;
use domain::tenant::InstanceId;
use store::session::Standing;
use whatsapp::Failure;

use crate::roster::{Listed, Participating, participating};
use crate::visit::Visit;
use crate::{Operator, OperatorError};

/// What is foreseen for one identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreseen {
    /// It would be left.
    Leaves {
        /// The group.
        listed: Listed,
        /// Groups of its community that go with it.
        along: Vec<Listed>,
    },
    /// It would be refused.
    Refused {
        /// As this.
        problem: Problem,
        /// The group, when the identifier led to one.
        listed: Option<Listed>,
    },
    /// We are out, and an earlier leave of ours lost its outcome: it would be told as
    /// left.
    Recovered(GroupJid),
}

impl Operator {
    /// Foresees what leaving each of `identifiers` would do; one result for each, in
    /// order. One connection; WhatsApp's list of groups, and a query for what the
    /// list does not tell.
    ///
    /// # Errors
    /// Those of a [`Self::visit`]. What concerns one identifier is its result.
    pub async fn rehearse(
        &self,
        instance: &InstanceId,
        identifiers: &[String],
    ) -> Result<Vec<Foreseen>, OperatorError> {
        self.visit(instance, async |mut visit: Visit<'_>| {
            let listed = participating(visit.online, visit.budget).await?;
            let mut foreseen = Vec::with_capacity(identifiers.len());
            for identifier in identifiers {
                foreseen.push(match Identifier::parse(identifier) {
                    Ok(Identifier::Jid(jid)) => foresee(&mut visit, &listed, &jid).await?,
                    Ok(Identifier::Invite(code)) => by_invite(&mut visit, &listed, &code).await?,
                    Err(error) => refused(Problem::from(error)),
                });
            }
            Ok(foreseen)
        })
        .await
    }
}

fn refused(problem: Problem) -> Foreseen {
    Foreseen::Refused { problem, listed: None }
}

async fn by_invite(
    visit: &mut Visit<'_>,
    listed: &Participating,
    code: &InviteCode,
) -> Result<Foreseen, OperatorError> {
    match visit.online.invite(code, visit.budget).await {
        Ok(group) => foresee(visit, listed, &group.jid).await,
        Err(Failure::Iq { code: 410, .. }) => Ok(refused(Problem::InviteRevoked)),
        Err(Failure::Iq { code: 400 | 401 | 403 | 404 | 406 | 416 | 423 | 436, .. }) => {
            Ok(refused(Problem::NotMember))
        }
        Err(failure) => Err(failure.into()),
    }
}

async fn foresee(
    visit: &mut Visit<'_>,
    listed: &Participating,
    jid: &GroupJid,
) -> Result<Foreseen, OperatorError> {
    if let Some(known) = listed.groups.get(jid) {
        match known.group.kind {
            GroupKind::Group | GroupKind::Subgroup { .. } => {
                return Ok(Foreseen::Leaves { listed: known.clone(), along: Vec::new() });
            }
            GroupKind::Announcement { .. } => return Ok(not_allowed(known.clone())),
            // Only its metadata tells whether it is ours.
            GroupKind::Community => {}
        }
    }
    let metadata = match visit.online.metadata(jid, visit.credentials, visit.budget).await {
        Ok(metadata) => metadata,
        Err(Failure::Iq { code: 403 | 404, .. }) => return absent(visit, jid).await,
        Err(failure) => return Err(failure.into()),
    };
    let group = metadata.group().clone();
    let subject = listed.groups.get(jid).and_then(|known| known.subject.clone());
    let along = along(listed, &group);
    let known = Listed { group, subject };
    Ok(match known.group.kind {
        GroupKind::Announcement { .. } => not_allowed(known),
        GroupKind::Community if metadata.is_owned_by_us() => not_allowed(known),
        GroupKind::Group | GroupKind::Subgroup { .. } | GroupKind::Community => {
            Foreseen::Leaves { listed: known, along }
        }
    })
}

fn not_allowed(listed: Listed) -> Foreseen {
    Foreseen::Refused { problem: Problem::NotAllowed, listed: Some(listed) }
}

/// The groups that go with a community.
fn along(listed: &Participating, community: &Group) -> Vec<Listed> {
    if community.kind != GroupKind::Community {
        return Vec::new();
    }
    let of_it = |other: &&Listed| other.group.kind.parent() == Some(&community.jid);
    listed.groups.values().filter(of_it).cloned().collect()
}

/// We are not in it. Whether that was our own act is told as the function tells it.
async fn absent(visit: &Visit<'_>, jid: &GroupJid) -> Result<Foreseen, OperatorError> {
    if visit.leased.standing(jid) != Some(Standing::Earlier) {
        return Ok(refused(Problem::NotMember));
    }
    let rows = visit.leased.rows(std::slice::from_ref(jid), visit.budget).await?;
    Ok(if rows.is_empty() { refused(Problem::NotMember) } else { Foreseen::Recovered(jid.clone()) })
}
