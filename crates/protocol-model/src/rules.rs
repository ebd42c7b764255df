//! Which rules of a model are kept: each can be broken on its own.

/// Which rules of a model are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<R> {
    broken: [Option<R>; 2],
}

impl<R: Copy + PartialEq> Rules<R> {
    /// The protocol as it is.
    pub const KEPT: Self = Self { broken: [None, None] };

    /// The protocol without `rule`.
    pub const fn without(rule: R) -> Self {
        Self { broken: [Some(rule), None] }
    }

    /// The protocol without both: for a rule that only shows where another one
    /// fails too.
    pub const fn without_both(rule: R, other: R) -> Self {
        Self { broken: [Some(rule), Some(other)] }
    }

    /// Whether `rule` is kept.
    pub fn keep(self, rule: R) -> bool {
        !self.broken.contains(&Some(rule))
    }
}
