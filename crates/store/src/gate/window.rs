//! The window's arithmetic, pure: which slot counts, and what a refused count means.

use std::time::Duration;

use domain::clock::UnixMillis;

use crate::table::{Corrupt, Item};

/// A window's length, in milliseconds.
const LENGTH_MS: u64 = 60_000;
/// Slots in the ring. A slot is reused after that many windows.
const SLOTS: u64 = 8;

/// One minute of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window(u64);

impl Window {
    pub(super) fn at(now: UnixMillis) -> Self {
        Self(now.0 / LENGTH_MS)
    }

    pub(super) fn index(self) -> u64 {
        self.0
    }

    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The window that ends at `reset`.
    pub(super) fn ending(reset: UnixMillis) -> Self {
        Self((reset.0 / LENGTH_MS).saturating_sub(1))
    }

    pub(super) fn end(self) -> UnixMillis {
        UnixMillis(self.0 * LENGTH_MS).plus(Duration::from_millis(LENGTH_MS))
    }

    /// The attribute that counts this window.
    pub(super) fn slot(self) -> String {
        slot(self.0 % SLOTS)
    }

    /// The attributes of all other slots.
    pub(super) fn other_slots(self) -> impl Iterator<Item = String> {
        (1..SLOTS).map(move |step| slot((self.0 + step) % SLOTS))
    }
}

fn slot(number: u64) -> String {
    format!("c{number}")
}

/// How to count a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// In this window, if it is not full.
    In(Window),
    /// In this window, after throwing away what `seen` left in the ring, if the
    /// item is still at `seen`.
    AfterReset {
        /// The window to count in.
        window: Window,
        /// The window that the item was at.
        seen: u64,
    },
}

impl Count {
    pub(super) fn window(self) -> Window {
        match self {
            Self::In(window) | Self::AfterReset { window, .. } => window,
        }
    }
}

/// A token's counter, as seen for one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) win: u64,
    pub(super) in_slot: Option<u64>,
    pub(super) max: u64,
}

impl Counter {
    pub(super) fn read(item: Item<'_>, window: Window) -> Result<Self, Corrupt> {
        Ok(Self {
            win: item.number("win")?,
            in_slot: item.optional_number(&window.slot()),
            max: item.number("max_rpm")?,
        })
    }
}

/// What a refused count means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The window is full.
    Full,
    /// Count this way next.
    Again(Count),
}

/// Decides from the item that refused a count in `asked`.
pub(super) fn decide(asked: Window, counter: &Counter) -> Decision {
    let seen = counter.win;
    let again = Decision::Again(Count::In(asked));
    let reset = Decision::Again(Count::AfterReset { window: asked, seen });
    match seen {
        _ if seen == asked.index() => match counter.in_slot {
            Some(count) if count >= counter.max => Decision::Full,
            _ => again,
        },
        // One window ahead is a clock that is a little behind: ours.
        _ if seen == asked.index() + 1 => Decision::Again(Count::In(asked.next())),
        // The slot was used a whole turn of the ring ago.
        _ if seen < asked.index() => match counter.in_slot {
            Some(_) => reset,
            None => again,
        },
        // Someone's clock ran away.
        _ => reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(win: u64, in_slot: Option<u64>) -> Counter {
        Counter { win, in_slot, max: 100 }
    }

    #[test]
    fn a_refused_count_is_decided_by_the_item_alone() {
        let asked = Window(1000);
        let cases = [
            (counter(1000, Some(100)), Decision::Full),
            (counter(1000, Some(99)), Decision::Again(Count::In(asked))),
            (counter(1001, None), Decision::Again(Count::In(Window(1001)))),
            (
                counter(992, Some(7)),
                Decision::Again(Count::AfterReset { window: asked, seen: 992 }),
            ),
            (counter(999, None), Decision::Again(Count::In(asked))),
            (counter(1060, None), Decision::Again(Count::AfterReset { window: asked, seen: 1060 })),
        ];
        for (counter, decision) in cases {
            assert_eq!(decide(asked, &counter), decision, "{counter:?}");
        }
    }

    #[test]
    fn a_window_uses_one_slot_and_clears_the_seven_others() {
        let window = Window(1003);
        let mut slots: Vec<String> = window.other_slots().collect();
        slots.push(window.slot());
        slots.sort();
        assert_eq!(slots, ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"]);
        assert_eq!(Window::ending(window.end()), window);
    }
}
