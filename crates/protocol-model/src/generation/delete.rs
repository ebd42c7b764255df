//! What deleting and linking do.

use super::state::{Deletion, Session, State, Tidied};
use super::{Generations, Promise, Rule};

impl Generations {
    /// One write: from now on every caller hears row 11. It needs a free lease, so
    /// no run is at work, and leaves none.
    pub(super) fn begin_deletion(&self, next: &mut State) {
        next.budget.deletions -= 1;
        next.ghost.is_live = false;
        if let Some(session) = &mut next.session {
            session.is_deleting = true;
            if self.rules.keep(Rule::DeletionTakesLease) {
                session.lease = None;
            }
            next.deletion =
                Some(Deletion { generation: session.generation, next: Tidied::Intents });
        }
    }

    /// One item more. What a new link has brought is of another generation.
    pub(super) fn tidy(&self, next: &mut State) {
        let Some(Deletion { generation, next: item }) = next.deletion else {
            return;
        };
        let is_tidied = |of: u8| of == generation || !self.rules.keep(Rule::TidiedByGeneration);
        let following = match item {
            Tidied::Intents => {
                let session = next.session.as_mut();
                let session = session.filter(|it| it.generation == generation && it.is_deleting);
                if let Some(session) = session
                    && self.rules.keep(Rule::OpenIntentsTidied)
                {
                    session.intent = None;
                }
                Tidied::Row
            }
            Tidied::Row => {
                let is_open = next.session.is_some_and(|session| session.intent.is_some());
                let is_spared = is_open && !self.rules.keep(Rule::OpenIntentsTidied);
                next.row = next.row.filter(|of| !is_tidied(*of) || is_spared);
                Tidied::Kept
            }
            Tidied::Kept => {
                next.kept = next.kept.filter(|(of, _)| !is_tidied(*of));
                Tidied::History
            }
            Tidied::History => {
                next.history = next.history.filter(|of| !is_tidied(*of));
                Tidied::Session
            }
            Tidied::Session => {
                self.end_session(next, generation);
                return;
            }
        };
        next.deletion = Some(Deletion { generation, next: following });
    }

    fn end_session(&self, next: &mut State, generation: u8) {
        let is_its = |session: &Session| session.is_deleting && session.generation == generation;
        let by_generation = self.rules.keep(Rule::EndedByGeneration);
        next.session = next.session.filter(|session| by_generation && !is_its(session));
        next.deletion = None;
        let kept = next.kept.map(|(of, _)| of);
        if [next.row, kept, next.history].contains(&Some(generation)) {
            next.broken.add(Promise::DeletedIsGone);
        }
    }

    /// One write under a free lease: the device of `number` is the session's.
    pub(super) fn link(&self, next: &mut State, number: usize) {
        next.budget.links -= 1;
        next.ghost.is_live = true;
        let new = Session {
            generation: next.next_generation,
            number,
            is_deleting: false,
            is_logged_out: false,
            intent: None,
            lease: None,
        };
        let Some(old) = next.session else {
            next.next_generation += 1;
            next.session = Some(new);
            return;
        };
        let is_new = (old.number != number && self.rules.keep(Rule::NewForAnotherNumber))
            || (old.is_deleting && self.rules.keep(Rule::NewWhileDeleting));
        let generation = if is_new { new.generation } else { old.generation };
        next.next_generation += u8::from(is_new);
        let empties = is_new && self.rules.keep(Rule::IntentsEmptied);
        let lease = old.lease.filter(|_| !self.rules.keep(Rule::LinkTakesLease));
        let intent = old.intent.filter(|_| !empties);
        next.session = Some(Session { generation, intent, lease, ..new });
    }
}
