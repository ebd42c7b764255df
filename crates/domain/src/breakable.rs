//! Rules that a simulated thread can break on purpose, to see that the simulation finds it.
//!
//! With the feature `breakable`, which `crates/simulation` alone turns on,
//! [`broken!`](crate::broken) asks its thread; without it the word is `false`, or leaves
//! nothing but the usual expression. So what ships has none of it. Each place that can be
//! broken names its rule, and the list of them is the enum in `breakable/rules.rs`.

#[cfg(feature = "breakable")]
mod rules;

#[cfg(feature = "breakable")]
pub use rules::{Rule, break_here, is_broken};

/// Whether this thread breaks a rule, or what it does then.
///
/// ```ignore
/// if is_held && !broken!(LeaseIsExclusive) {}                 // asks
/// let end = broken!(BanIsBounded => Duration::MAX; LONGEST);  // picks an expression
/// broken!(IntentEnds => return false);                        // does something before
/// ```
#[cfg(feature = "breakable")]
#[macro_export]
macro_rules! broken {
    ($($rule:ident)|+) => {
        false $(|| $crate::breakable::is_broken($crate::breakable::Rule::$rule))+
    };
    ($($rule:ident)|+ => $broken:expr; $usual:expr) => {
        if $crate::broken!($($rule)|+) { $broken } else { $usual }
    };
    ($($rule:ident)|+ => $broken:expr) => {
        if $crate::broken!($($rule)|+) {
            $broken
        }
    };
}

/// Nothing is broken where the feature is off.
#[cfg(not(feature = "breakable"))]
#[macro_export]
macro_rules! broken {
    ($($rule:ident)|+) => {
        false
    };
    ($($rule:ident)|+ => $broken:expr; $usual:expr) => {
        $usual
    };
    ($($rule:ident)|+ => $broken:expr) => {};
}
