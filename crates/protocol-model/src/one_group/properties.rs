//! When a promise holds, and the one thing that cannot be promised.

use stateright::Property;

use super::Protocol;
use super::closing::closing;
use super::promises::Promise;
use super::state::{State, Sync};
use crate::group::{Membership, Told};
use crate::lease::RunId;

impl Promise {
    pub(super) fn property(self) -> Property<Protocol> {
        let holds: fn(&Protocol, &State) -> bool = match self {
            Self::OneHolder => |_, state| holders(state) <= 1,
            Self::SuccessIsEarned => |model, state| unbroken(model, state, Self::SuccessIsEarned),
            Self::NotFoundIsTrue => |model, state| unbroken(model, state, Self::NotFoundIsTrue),
            Self::NoSuccessIsLost => |_, state| !state.ghost.broken.has(Self::NoSuccessIsLost),
            Self::NothingIsLeft => {
                |model, state| closing(model, state).is_none_or(|end| end.is_clean())
            }
            Self::FencedOffWritesNothing => {
                |_, state| !state.ghost.broken.has(Self::FencedOffWritesNothing)
            }
            Self::UndisturbedIsDecided => {
                |model, state| closing(model, state).is_none_or(|end| end.is_decided)
            }
        };
        Property::always(self.name(), holds)
    }
}

/// On the way here, and in the undisturbed run that would come now.
fn unbroken(model: &Protocol, state: &State, promise: Promise) -> bool {
    !state.ghost.broken.has(promise)
        && closing(model, state).is_none_or(|end| !end.state.ghost.broken.has(promise))
}

fn holders(state: &State) -> usize {
    let sync = matches!(
        state.sync,
        Sync::Taken { has_time: true, .. } | Sync::Looked { has_time: true, .. }
    );
    let runs = state.runs.iter().filter(|run| run.is_active() && run.has_time);
    runs.count() + usize::from(sync)
}

/// The exception to [`Promise::SuccessIsEarned`], at the moment when WhatsApp
/// tells `id` that we are not in the group. All three have to hold:
///
/// - somebody else's act has us out: an admin removed us, or we had been out all
///   the time and the row was stale;
/// - the row is there, so there is evidence;
/// - another run's outcome is lost: its intent stood and no settling of it was
///   written. It may have crashed before it sent anything: a crash right after
///   the acquire and one right after the send leave the same notes.
///
/// WhatsApp's answer and the notes are then the same as after our own leave.
pub fn nobody_can_tell(state: &State, id: RunId) -> bool {
    let is_lost = |(other, run): (RunId, &super::state::Run)| other != id && run.ghost.open;
    state.membership == Membership::OutByOthers
        && state.table.row
        && state.runs.iter().enumerate().any(is_lost)
}

impl Protocol {
    /// What is true when WhatsApp tells `id` that we are not in the group.
    pub(crate) fn tell(state: &State, id: RunId) -> Told {
        if state.ghost.owed.is_some() {
            Told::Owed
        } else if nobody_can_tell(state, id) {
            Told::Excused
        } else {
            Told::Plain
        }
    }
}
