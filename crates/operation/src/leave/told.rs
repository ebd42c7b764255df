//! What an order's portions have found out together. A long order takes several
//! leases, and still each group has one verdict in it.

use std::collections::{BTreeMap, HashMap};

use domain::broken;
use domain::group::GroupJid;
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::session::Settled;

use super::left::Left;
use super::progress::Progress;
use super::verdict::Named;

/// Results so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    names: HashMap<Identifier, Result<GroupJid, Problem>>,
    groups: BTreeMap<GroupJid, Result<Left, Problem>>,
}

impl Told {
    /// What a portion's run has found out, once it was settled or could not be.
    pub(super) fn portion(
        &mut self,
        wanted: &[&Identifier],
        progress: &Progress,
        settled: Option<&Settled>,
    ) {
        for &identifier in wanted {
            let named = match progress.name(identifier) {
                Named::Group(jid) => {
                    if !self.is_final(&jid) {
                        self.group(&jid, progress.verdict(&jid).spoken(settled));
                    }
                    Ok(jid)
                }
                Named::Revoked => Err(Problem::InviteRevoked),
                Named::Nowhere => Err(Problem::NotMember),
                Named::Unknown(problem) => Err(problem),
            };
            self.names.insert(identifier.clone(), named);
        }
    }

    /// Nothing was done for these.
    pub(super) fn nothing_done(&mut self, wanted: &[&Identifier], problem: Problem) {
        for &identifier in wanted {
            let named = match identifier {
                Identifier::Jid(jid) => {
                    if !self.is_final(jid) {
                        self.group(jid, Err(problem));
                    }
                    Ok(jid.clone())
                }
                Identifier::Invite(_) => Err(problem),
            };
            self.names.insert(identifier.clone(), named);
        }
    }

    /// Of several results for one group WhatsApp's 200 wins, then "not known", then
    /// the latest.
    fn group(&mut self, jid: &GroupJid, result: Result<Left, Problem>) {
        let is_weaker = match self.groups.get(jid) {
            Some(Ok(_)) => true,
            Some(Err(Problem::Unconfirmed)) => result.is_err(),
            Some(Err(_)) | None => false,
        };
        if !is_weaker {
            self.groups.insert(jid.clone(), result);
        }
    }

    /// Whether an earlier portion has sent for this group, or knows that there is
    /// nothing to send: then it is neither asked nor sent again.
    pub(super) fn is_final(&self, jid: &GroupJid) -> bool {
        broken!(PortionsShareVerdicts => return false);
        match self.groups.get(jid) {
            None => false,
            Some(Ok(_) | Err(Problem::Unconfirmed)) => true,
            Some(Err(problem)) => !problem.is_retryable(),
        }
    }

    /// One identifier's result.
    pub(super) fn result(&self, identifier: &Identifier) -> Result<Left, Problem> {
        match self.names.get(identifier) {
            Some(Ok(jid)) => self.groups.get(jid).cloned().unwrap_or(Err(Problem::Internal)),
            Some(Err(problem)) => Err(*problem),
            None => Err(Problem::Internal),
        }
    }
}

/// The groups that are named by their JID and have no verdict yet.
pub(super) fn groups_of(wanted: &[&Identifier], told: &Told) -> Vec<GroupJid> {
    let jids = wanted.iter().filter_map(|identifier| match identifier {
        Identifier::Jid(jid) if !told.is_final(jid) => Some(jid.clone()),
        Identifier::Jid(_) | Identifier::Invite(_) => None,
    });
    jids.collect()
}
