//! What befalls a call to `DynamoDB`.

use std::time::Duration;

use crate::fate::{Fates, Kind};
use crate::machine::Machine;
use crate::weights::Weights;

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// It is applied, and nobody hears the reply.
    LoseReply,
    /// It never arrives.
    Reset,
    /// A 500.
    ServerError,
    /// Too many calls.
    Throttled,
    /// Another transaction was at the same items.
    Conflict,
    /// It arrives late.
    LateBefore(Duration),
    /// Its reply arrives late.
    LateAfter(Duration),
}

impl CallFault {
    /// What befalls the next call of a machine, and how long it is under way each way.
    pub(crate) fn draw(
        fates: &Fates,
        weights: &Weights,
        machine: &Machine,
        is_disturbed: bool,
    ) -> (Duration, Option<Self>, Duration) {
        let mut dice = fates.next(Kind::Call);
        let mut hop = || Duration::from_millis(dice.u64(1..=6));
        let (before, after) = (hop(), hop());
        if machine.calls() {
            return (before, Some(Self::ServerError), after);
        }
        if !is_disturbed || machine.is_calm() || !weights.call.strikes(&mut dice) {
            return (before, None, after);
        }
        let late =
            Duration::from_millis(dice.choice([300, 1_000, 2_000, 8_000, 45_000]).unwrap_or(300));
        let fault = match dice.u8(0..10) {
            0..=2 => Self::LoseReply,
            3 => Self::Reset,
            4 => Self::ServerError,
            5 => Self::Throttled,
            6 | 7 => Self::Conflict,
            8 => Self::LateBefore(late),
            _ => Self::LateAfter(late),
        };
        (before, Some(fault), after)
    }

    /// Its name, as situations are counted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LoseReply => "call: lost reply",
            Self::Reset => "call: reset",
            Self::ServerError => "call: 500",
            Self::Throttled => "call: throttled",
            Self::Conflict => "call: conflict",
            Self::LateBefore(_) => "call: arrives late",
            Self::LateAfter(_) => "call: answered late",
        }
    }

    /// Whether whoever called cannot know what became of it.
    pub(crate) fn hides(self) -> bool {
        match self {
            Self::LoseReply | Self::Reset | Self::LateBefore(_) | Self::LateAfter(_) => true,
            Self::ServerError | Self::Throttled | Self::Conflict => false,
        }
    }
}
