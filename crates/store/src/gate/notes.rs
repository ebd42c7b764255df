//! What this environment remembers, to spare calls: tokens whose window is full, and
//! tokens just found invalid. Both are bounded, and trusted for seconds only: a
//! token may be revoked, issued, or given another limit meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use domain::clock::UnixMillis;
use domain::token::TokenHash;

use super::Limit;
use super::window::Window;

/// Most notes of a kind.
const MOST: usize = 4096;
/// How long a note is trusted without asking again.
const TRUSTED: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Notes {
    full: HashMap<TokenHash, Full>,
    unknown: HashMap<TokenHash, UnixMillis>,
}

/// A window that was full.
struct Full {
    limit: Limit,
    noted: UnixMillis,
    /// When the token ends by itself.
    ends: Option<UnixMillis>,
}

/// What is remembered of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It was just found invalid.
    Unknown,
    /// Its window was full a moment ago.
    Full(Limit),
    /// This window of its was full, but that was too long ago, or the token has
    /// ended since: its item decides.
    Doubtful(Window),
}

impl Notes {
    /// What is remembered of a token at `now`.
    ///
    /// A note of a full window may be one window ahead of our clock, because the
    /// item was. A note further ahead was made by a clock that ran away, and is no
    /// note.
    pub(super) fn look(&self, hash: TokenHash, now: UnixMillis) -> Option<Noted> {
        if self.unknown.get(&hash).is_some_and(|noted| is_trusted(*noted, now)) {
            return Some(Noted::Unknown);
        }
        let full = self.full.get(&hash)?;
        let window = Window::ending(full.limit.reset);
        let current = Window::at(now);
        if window != current && window != current.next() {
            return None;
        }
        let is_valid = full.ends.is_none_or(|end| end > now);
        Some(if is_valid && is_trusted(full.noted, now) {
            Noted::Full(full.limit)
        } else {
            Noted::Doubtful(window)
        })
    }

    pub(super) fn set_full(
        &mut self,
        hash: TokenHash,
        now: UnixMillis,
        limit: Limit,
        ends: Option<UnixMillis>,
    ) {
        make_room(&mut self.full);
        self.full.insert(hash, Full { limit, noted: now, ends });
    }

    pub(super) fn set_unknown(&mut self, hash: TokenHash, now: UnixMillis) {
        self.full.remove(&hash);
        make_room(&mut self.unknown);
        self.unknown.insert(hash, now);
    }

    /// The token was let in: whatever was noted holds no more.
    pub(super) fn forget(&mut self, hash: TokenHash) {
        self.full.remove(&hash);
        self.unknown.remove(&hash);
    }
}

/// A note from the future is none: a clock was set back.
fn is_trusted(noted: UnixMillis, now: UnixMillis) -> bool {
    noted <= now && now.since(noted) < TRUSTED
}

/// Notes only spare calls, so forgetting all of them at once is harmless.
fn make_room<V>(notes: &mut HashMap<TokenHash, V>) {
    if notes.len() >= MOST {
        notes.clear();
    }
}
