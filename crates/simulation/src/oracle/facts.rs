//! What is true of each instance beside its memberships: whether its device is linked and
//! stored, whether it is there, which way it dials, and whom a community belongs to.

use std::collections::BTreeMap;

use super::timeline::Timeline;
use super::{Oracle, State};
use crate::stand::Stand;
use crate::steps::Act;
use crate::tame;
use crate::world::World;

/// What is known of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// Whether its device is linked, and nobody told us otherwise.
    pub(crate) works: Timeline<bool>,
    /// Whether it is there, and nobody deletes it.
    pub(crate) exists: Timeline<bool>,
    /// Whether it dials through the proxy, where that is known.
    pub(crate) proxied: Timeline<Option<bool>>,
    /// Whether it owns the community.
    pub(crate) owns: Timeline<bool>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            works: Timeline::new(true),
            exists: Timeline::new(true),
            proxied: Timeline::new(Some(false)),
            owns: Timeline::new(false),
        }
    }
}

/// A time in which an operator, or a check, was at an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) instance: usize,
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

impl Oracle {
    /// The state's facts of an instance.
    pub(super) fn fact(&self, instance: usize, change: impl FnOnce(&mut Facts, u64)) {
        change(self.state().facts.entry(instance).or_default(), tame::elapsed());
    }

    /// An operator, or a check, begins at an instance. Returns the visit's number.
    pub(crate) fn visit(&self, instance: usize, act: Option<Act>) -> usize {
        let began = tame::elapsed();
        let mut state = self.state();
        let facts = state.facts.entry(instance).or_default();
        match act {
            Some(Act::Relink | Act::Import | Act::LinkByQr) => facts.works.set(began, false),
            Some(Act::Delete | Act::DeleteAndLink) => {
                facts.works.set(began, false);
                facts.exists.set(began, false);
            }
            _ => {}
        }
        let changes_way = matches!(
            act,
            Some(
                Act::SetProxy(_)
                    | Act::Relink
                    | Act::Import
                    | Act::LinkByQr
                    | Act::Delete
                    | Act::DeleteAndLink
            )
        );
        if changes_way {
            facts.proxied.set(began, None);
        }
        state.visits.push(Visit { instance, began, ended: u64::MAX });
        state.visits.len() - 1
    }

    /// It ends; `is_done` when it said so.
    pub(crate) fn visited(&self, visit: usize, act: Option<Act>, is_done: bool) {
        let now = tame::elapsed();
        let mut state = self.state();
        let Some(found) = state.visits.get_mut(visit) else { return };
        found.ended = now;
        let (instance, began) = (found.instance, found.began);
        let mut others = state.visits.iter().enumerate();
        let is_alone = !others.any(|(number, other)| {
            number != visit && other.instance == instance && other.ended >= began
        });
        if let (Some(Act::SetProxy(through)), true, true) = (act, is_done, is_alone) {
            let facts = state.facts.entry(instance).or_default();
            facts.proxied.set(now, Some(through));
        }
    }

    /// Somebody removes an account's devices.
    pub(crate) fn unlinked(&self, instance: usize) {
        self.fact(instance, |facts, now| facts.works.set(now, false));
    }

    /// Somebody becomes the community's owner, or is it no more.
    pub(crate) fn owns(&self, instance: usize, owns: bool) {
        self.fact(instance, |facts, now| facts.owns.set(now, owns));
    }

    /// The invite of a group works no more.
    pub(crate) fn invite_revoked(&self, group: &str) {
        self.state().revoked.insert(group.to_owned());
    }

    /// What is seen with all at rest: a session that is there, and linked with a device that is.
    pub(super) fn look_at_session(&self, world: &World, instance: usize, stand: &Stand) {
        self.fact(instance, |facts, now| {
            if stand.exists() {
                facts.exists.set(now, true);
            }
            if stand.linked().is_some_and(|device| world.chat.is_linked(device)) {
                facts.works.set(now, true);
            }
        });
    }
}

impl State {
    /// What is known of an instance.
    pub(super) fn facts(&self, instance: usize) -> Facts {
        self.facts.get(&instance).cloned().unwrap_or_default()
    }
}

/// What is known of every instance.
pub(crate) type AllFacts = BTreeMap<usize, Facts>;
