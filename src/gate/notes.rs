//! What this environment remembers, to spare calls: windows that are full (a
//! full window never un-fills) and tokens just found invalid. Both are bounded.

use std::collections::HashMap;
use std::time::Duration;

use super::Limit;
use super::window::Window;
use crate::clock::UnixMillis;
use crate::token::TokenHash;

/// Most notes of a kind.
const MOST: usize = 4096;
/// How long a token stays invalid without asking again: a token that is issued
/// meanwhile works after that at the latest.
const UNKNOWN_LIFE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Notes {
    full: HashMap<TokenHash, Limit>,
    unknown: HashMap<TokenHash, UnixMillis>,
}

impl Notes {
    /// The limit, if the token's window is known to be full at `window`.
    ///
    /// A note may be one window ahead of our clock, because the item was. A
    /// note further ahead was made by a clock that ran away, and is no note.
    pub(super) fn full(&self, hash: TokenHash, window: Window) -> Option<Limit> {
        let limit = *self.full.get(&hash)?;
        let noted = Window::ending(limit.reset);
        (noted == window || noted == window.next()).then_some(limit)
    }

    pub(super) fn set_full(&mut self, hash: TokenHash, limit: Limit) {
        make_room(&mut self.full);
        self.full.insert(hash, limit);
    }

    pub(super) fn is_unknown(&self, hash: TokenHash, now: UnixMillis) -> bool {
        self.unknown
            .get(&hash)
            .is_some_and(|noted| *noted <= now && now.since(*noted) < UNKNOWN_LIFE)
    }

    pub(super) fn set_unknown(&mut self, hash: TokenHash, now: UnixMillis) {
        make_room(&mut self.unknown);
        self.unknown.insert(hash, now);
    }
}

/// Notes only spare calls, so forgetting all of them at once is harmless.
fn make_room<V>(notes: &mut HashMap<TokenHash, V>) {
    if notes.len() >= MOST {
        notes.clear();
    }
}
