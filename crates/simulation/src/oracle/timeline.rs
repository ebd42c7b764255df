//! What was true when.

/// Values with when they came, of time that no clock's move changes.
#[derive(Debug, Clone)]
pub(crate) struct Timeline<T>(Vec<(u64, T)>);

impl<T: Copy + PartialEq> Timeline<T> {
    /// One value from the beginning on.
    pub(crate) fn new(value: T) -> Self {
        Self(vec![(0, value)])
    }

    pub(crate) fn set(&mut self, at: u64, value: T) {
        self.0.push((at, value));
    }

    /// Whether it was that at any moment within, and both ends count.
    pub(crate) fn was(&self, value: T, from: u64, to: u64) -> bool {
        let mut until = u64::MAX;
        for (at, held) in self.0.iter().rev() {
            if *at <= to && until >= from && *held == value {
                return true;
            }
            until = *at;
        }
        false
    }

    /// Whether it was nothing else within.
    pub(crate) fn was_only(&self, value: T, from: u64, to: u64) -> bool {
        let mut until = u64::MAX;
        for (at, held) in self.0.iter().rev() {
            if *at <= to && until >= from && *held != value {
                return false;
            }
            until = *at;
        }
        true
    }

    /// The latest.
    pub(crate) fn last(&self) -> Option<T> {
        self.0.last().map(|(_, value)| *value)
    }
}
