//! What a leave would come to, without leaving: the same resolving, and WhatsApp's own word
//! in place of the stanza's answer: its list of groups, or the metadata of what the list
//! does not settle. Nothing is written, and no leave is sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::credentials::Credentials;
use domain::group::{Group, GroupJid};
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::table::StoreError;
use whatsapp::{Online, Participating};

use super::AT_ONCE;
use super::progress::Progress;
use super::resolve::{Looked, nothing_done};
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
    Leaves(Group),
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
/// connection. `listed` is what [`Online::participating`] has answered on it: with it
/// foretelling costs about as many questions as leaving costs stanzas.
///
/// # Errors
/// [`StoreError`] when the roster cannot be read.
pub async fn foretell(
    visit: &mut Visit<'_>,
    online: &mut Online,
    credentials: &Credentials,
    listed: &Participating,
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
        purpose: Purpose::Foretell(listed),
        shares,
        progress: &mut progress,
        told: &told,
        rows,
        targets: BTreeMap::new(),
        supposed: BTreeSet::new(),
        stopped: None,
    };
    let mut leaves = Leaves::new();
    for portion in wanted.chunks(AT_ONCE) {
        match run.suppose(portion) {
            Ok(()) => run.resolve_all(portion).await,
            Err(problem) => run.refuse(portion, problem),
        }
        leaves.extend(run.foretell_all().await);
        run.supposed.clear();
    }
    Ok(wanted.iter().map(|identifier| foretold(&progress, &leaves, identifier)).collect())
}

/// Groups that would be left.
type Leaves = HashMap<GroupJid, Group>;

fn foretold(progress: &Progress, leaves: &Leaves, identifier: &Identifier) -> Foretold {
    let refused = |problem| Foretold::Refused { problem, group: None };
    let jid = match progress.name(identifier) {
        Named::Group(jid) => jid,
        Named::Revoked => return refused(Problem::InviteRevoked),
        Named::Nowhere => return refused(Problem::NotMember),
        Named::Unknown(problem) => return refused(problem),
    };
    if let Some(group) = leaves.get(&jid) {
        return Foretold::Leaves(group.clone());
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
    /// Lets intents stand for a portion, as taking its lease would: for as many as there is
    /// room for.
    ///
    /// # Errors
    /// That of a lease that is refused, when there is room for none.
    fn suppose(&mut self, portion: &[&Identifier]) -> Result<(), Problem> {
        let jids = groups_of(portion, self.told);
        // An intent that stands is there before any is written.
        let (standing, new): (Vec<_>, Vec<_>) =
            jids.into_iter().partition(|jid| self.leased.standing(jid).is_some());
        for jid in new {
            match self.leased.has_room_beside(self.supposed.len(), &jid) {
                Ok(()) => _ = self.supposed.insert(jid),
                Err(error) if standing.is_empty() && self.supposed.is_empty() => {
                    return Err(Problem::from(&error));
                }
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// What every identifier of a portion without a lease is told.
    fn refuse(&mut self, portion: &[&Identifier], problem: Problem) {
        for &identifier in portion {
            match identifier {
                Identifier::Jid(jid) if self.progress.has_ended(jid) => {}
                Identifier::Jid(jid) => self.progress.ended(jid, nothing_done(problem)),
                Identifier::Invite(_) => self.progress.named(identifier, Named::Unknown(problem)),
            }
        }
    }

    /// What the stanza would be answered with: by WhatsApp's own metadata, for what was
    /// not asked for yet.
    async fn foretell_all(&mut self) -> Leaves {
        let targets: Vec<Target> = std::mem::take(&mut self.targets).into_values().collect();
        let mut leaves = Leaves::new();
        let mut left = targets.len();
        // What stopped the resolving keeps the stanza from being sent.
        let withheld = self.stopped;
        for target in targets {
            let jid = target.group.jid.clone();
            let asked = match (withheld, self.listed(&jid)) {
                (Some(problem), _) => Err(nothing_done(problem)),
                (None, _) if target.is_member => Ok(target),
                (None, Some(listed)) => listed,
                (None, None) => {
                    let looked = self.look(&target.group, target.evidence.clone(), left).await;
                    looked.and_then(Looked::target)
                }
            };
            left -= 1;
            match asked {
                Ok(target) => _ = leaves.insert(jid, target.group),
                Err(verdict) => self.progress.ended(&jid, verdict),
            }
        }
        leaves
    }
}
