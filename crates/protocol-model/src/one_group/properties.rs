//! What the protocol promises, and the one thing that it cannot.

use stateright::Property;

use crate::broken::Promised;
use crate::one_group::Protocol;
use crate::one_group::closing::closing;
use crate::one_group::state::{Membership, RunId, State, Sync, Told};

/// A promise of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Never do two believe that they hold a lease with time left.
    OneHolder,
    /// 200 rests on WhatsApp's word to this very run, or uses up a leave of ours
    /// that took us out and that no settling had accounted for; each such leave
    /// makes one recovered 200. The exception is [`nobody_can_tell`].
    SuccessIsEarned,
    /// 404 is spoken only if we were out at some moment between the run's acquire
    /// and its answer, and not if an earlier leave of ours took us out that was
    /// sent with evidence and that nobody has settled or spoken of.
    NotFoundIsTrue,
    /// A run to which WhatsApp confirmed answers 200, whatever becomes of its
    /// settling.
    NoSuccessIsLost,
    /// Once all is quiet and the leases are over, one undisturbed run more leaves
    /// no lease and no intent, and a row that agrees with the truth.
    NothingIsLeft,
    /// A run that was fenced off writes nothing.
    FencedOffWritesNothing,
    /// An undisturbed run ends with 200 or 404, never with 503.
    UndisturbedIsDecided,
}

impl Promised for Promise {
    fn index(self) -> u8 {
        self as u8
    }
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OneHolder,
        Self::SuccessIsEarned,
        Self::NotFoundIsTrue,
        Self::NoSuccessIsLost,
        Self::NothingIsLeft,
        Self::FencedOffWritesNothing,
        Self::UndisturbedIsDecided,
    ];

    /// Its name in the checker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneHolder => "one holder",
            Self::SuccessIsEarned => "200 is earned",
            Self::NotFoundIsTrue => "404 is true",
            Self::NoSuccessIsLost => "no 200 is lost",
            Self::NothingIsLeft => "nothing is left",
            Self::FencedOffWritesNothing => "a fenced-off run writes nothing",
            Self::UndisturbedIsDecided => "an undisturbed run is decided",
        }
    }

    pub(crate) fn property(self) -> Property<Protocol> {
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
    let is_lost =
        |(other, run): (RunId, &crate::one_group::state::Run)| other != id && run.ghost.open;
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
