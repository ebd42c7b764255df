//! What a leave would come to, without leaving: the same resolving, and a question for the
//! group's metadata in place of the stanza. Nothing is written, and no leave is sent.

use std::collections::{BTreeMap, HashMap};

use domain::credentials::Credentials;
use domain::group::{Group, GroupJid};
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::table::StoreError;
use whatsapp::Online;

use super::progress::Progress;
use super::resolve::Looked;
use super::run::{Purpose, Run};
use super::shares::Shares;
use super::target::Target;
use super::told::{Told, groups_of};
use super::verdict::{Named, Verdict};
use crate::visit::Visit;

/// What is foretold of one identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foretold {
    /// It would be left.
    Leaves {
        /// The group.
        group: Group,
        /// Groups of its community that are known to go with it.
        linked: Vec<GroupJid>,
    },
    /// We are out, and an earlier leave of ours lost its outcome: it would be told as
    /// left.
    Recovered(GroupJid),
    /// It would be refused.
    Refused {
        /// As this.
        problem: Problem,
        /// The group, when WhatsApp told of it.
        group: Option<Group>,
    },
}

/// Foretells what leaving each of `wanted` would come to, in order, over an open
/// connection.
///
/// # Errors
/// [`StoreError`] when the roster cannot be read.
pub async fn foretell(
    visit: &mut Visit<'_>,
    online: &mut Online,
    credentials: &Credentials,
    wanted: &[&Identifier],
) -> Result<Vec<Foretold>, StoreError> {
    let (leased, shares, told) = (visit.leased(), Shares::of(visit.budget()), Told::default());
    let rows = leased.rows(&groups_of(wanted, &told), shares.run()).await?;
    let mut progress = Progress::new(wanted);
    let mut run = Run {
        visit,
        leased,
        online,
        credentials,
        purpose: Purpose::Foretell,
        shares,
        progress: &mut progress,
        told: &told,
        rows,
        targets: BTreeMap::new(),
        stopped: None,
    };
    run.resolve_all(wanted).await;
    let leaves = run.foretell_all().await;
    Ok(wanted.iter().map(|identifier| foretold(&progress, &leaves, identifier)).collect())
}

/// Groups that would be left, with those that go along.
type Leaves = HashMap<GroupJid, (Group, Vec<GroupJid>)>;

fn foretold(progress: &Progress, leaves: &Leaves, identifier: &Identifier) -> Foretold {
    let refused = |problem| Foretold::Refused { problem, group: None };
    let jid = match progress.name(identifier) {
        Named::Group(jid) => jid,
        Named::Revoked => return refused(Problem::InviteRevoked),
        Named::Nowhere => return refused(Problem::NotMember),
        Named::Unknown(problem) => return refused(problem),
    };
    if let Some((group, linked)) = leaves.get(&jid) {
        return Foretold::Leaves { group: group.clone(), linked: linked.clone() };
    }
    match progress.verdict(&jid) {
        Verdict::Recovered { .. } => Foretold::Recovered(jid),
        Verdict::NotMember => refused(Problem::NotMember),
        Verdict::Refused { group } => {
            Foretold::Refused { problem: Problem::NotAllowed, group: Some(group) }
        }
        Verdict::NothingDone { problem } => refused(problem),
        // Nothing is sent, so nothing is confirmed and nothing is open.
        Verdict::Confirmed { .. } | Verdict::Unconfirmed => refused(Problem::Unconfirmed),
    }
}

impl Run<'_, '_> {
    /// What the stanza would be answered with: by WhatsApp's own metadata, for what was
    /// not asked for yet.
    async fn foretell_all(&mut self) -> Leaves {
        let targets: Vec<Target> = std::mem::take(&mut self.targets).into_values().collect();
        let mut leaves = Leaves::new();
        let mut left = targets.len();
        for target in targets {
            let jid = target.group.jid.clone();
            let asked = if target.is_member {
                Ok(target)
            } else {
                let looked = self.look(&target.group, target.evidence.clone(), left).await;
                looked.and_then(Looked::target)
            };
            left -= 1;
            match asked {
                Ok(target) => {
                    let linked = self.linked_to(&target.group).await.unwrap_or_default();
                    leaves.insert(jid, (target.group, linked));
                }
                Err(verdict) => self.progress.ended(&jid, verdict),
            }
        }
        leaves
    }
}
