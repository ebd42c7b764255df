//! What a run has found out so far. It outlives a panic inside the run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::group::GroupJid;
use domain::identifier::Identifier;
use domain::problem::Problem;
use store::session::{GroupEnd, KeptAnswer};

use super::verdict::{Named, Verdict};

/// How far a run came.
#[derive(Debug)]
pub(super) struct Progress {
    names: HashMap<Identifier, Named>,
    verdicts: BTreeMap<GroupJid, Verdict>,
    /// Groups that an open stanza may have named.
    sent: BTreeSet<GroupJid>,
    /// What is said of everything that has no verdict and was not sent.
    pub(super) rest: Problem,
    /// A kept answer that another run wrote while this one waited.
    pub(super) kept: Option<KeptAnswer>,
}

impl Progress {
    /// Nothing yet. Until something else is known, what has no end is a fault of ours.
    pub(super) fn new(wanted: &[&Identifier]) -> Self {
        let named = |identifier: &&Identifier| match identifier {
            Identifier::Jid(jid) => Some(((*identifier).clone(), Named::Group(jid.clone()))),
            Identifier::Invite(_) => None,
        };
        Self {
            names: wanted.iter().filter_map(named).collect(),
            verdicts: BTreeMap::new(),
            sent: BTreeSet::new(),
            rest: Problem::Internal,
            kept: None,
        }
    }

    /// What an identifier names.
    pub(super) fn name(&self, identifier: &Identifier) -> Named {
        self.names.get(identifier).cloned().unwrap_or(Named::Unknown(self.rest))
    }

    /// Notes what an identifier names.
    pub(super) fn named(&mut self, identifier: &Identifier, named: Named) {
        self.names.insert(identifier.clone(), named);
    }

    /// A group's verdict. One without is open when a stanza may have named it.
    pub(super) fn verdict(&self, jid: &GroupJid) -> Verdict {
        match self.verdicts.get(jid) {
            Some(verdict) => verdict.clone(),
            None if self.sent.contains(jid) => Verdict::Unconfirmed,
            None => Verdict::NothingDone { problem: self.rest },
        }
    }

    /// Whether a group has its verdict.
    pub(super) fn has_ended(&self, jid: &GroupJid) -> bool {
        self.verdicts.contains_key(jid)
    }

    /// A group's verdict is known.
    pub(super) fn ended(&mut self, jid: &GroupJid, verdict: Verdict) {
        self.verdicts.insert(jid.clone(), verdict);
    }

    /// From here on a stanza may name the groups.
    pub(super) fn sending<'a>(&mut self, jids: impl IntoIterator<Item = &'a GroupJid>) {
        self.sent.extend(jids.into_iter().cloned());
    }

    /// That stanza was not sent after all.
    pub(super) fn not_sent<'a>(&mut self, jids: impl IntoIterator<Item = &'a GroupJid>) {
        for jid in jids {
            self.sent.remove(jid);
        }
    }

    /// Every group that was named, once.
    pub(super) fn groups(&self) -> BTreeSet<GroupJid> {
        let named = self.names.values().filter_map(|named| match named {
            Named::Group(jid) => Some(jid.clone()),
            Named::Revoked | Named::Nowhere | Named::Unknown(_) => None,
        });
        named.chain(self.verdicts.keys().cloned()).collect()
    }

    /// What each group's verdict leaves behind.
    pub(super) fn ends(&self) -> Vec<GroupEnd> {
        self.groups().iter().map(|jid| self.verdict(jid).end(jid)).collect()
    }
}
