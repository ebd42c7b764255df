//! The promises that were broken on the way to a state.

/// A promise of one of the models.
pub trait Promised: Copy {
    /// Its place among the model's promises, below 16.
    fn index(self) -> u8;
}

/// A set of one model's promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Broken(u16);

impl Broken {
    /// None.
    pub const NONE: Self = Self(0);

    /// Adds one.
    pub fn add(&mut self, promise: impl Promised) {
        self.0 |= 1 << promise.index();
    }

    /// Adds all of `other`.
    pub fn add_all(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether it is among them.
    pub fn has(self, promise: impl Promised) -> bool {
        self.0 & (1 << promise.index()) != 0
    }
}
