//! Which life of an instance's name an item belongs to.
//!
//! A name can be used again: after a deletion, or for another number. Rows, kept
//! answers and history carry the generation of the session that they were written
//! for, and a reader takes only those of its own. So a name that is used again
//! starts empty, whatever a deletion that was cut short has left behind, and
//! deleting is only tidying (`docs/truth.md`, rule 9).

use std::fmt;

use crate::random::random;
use crate::table::{Attributes, Condition, Item, StoreError, text};

/// The attribute that carries it.
const NAME: &str = "generation";

/// A session's generation: random, or none for a session that was made before there
/// were any.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Generation(pub(crate) Option<String>);

impl Generation {
    /// A new one: 64 random bits.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self(Some(hex::encode(random::<8>()?))))
    }

    /// The one that an item carries.
    pub(crate) fn of(item: Item<'_>) -> Self {
        Self(item.optional_text(NAME).map(str::to_owned))
    }

    /// Marks an item as of this generation.
    pub(crate) fn mark(&self, item: &mut Attributes) {
        match &self.0 {
            Some(generation) => item.insert(NAME.to_owned(), text(generation.as_str())),
            None => item.remove(NAME),
        };
    }

    /// Whether an item is of this generation. One of another counts as absent.
    pub(crate) fn has(&self, item: Item<'_>) -> bool {
        *self == Self::of(item)
    }

    /// An item is absent, or of another generation.
    pub(crate) fn is_absent(&self) -> Condition {
        match &self.0 {
            None => Condition::new("attribute_not_exists(pk) OR attribute_exists(generation)"),
            Some(generation) => Condition::new(
                "attribute_not_exists(pk) OR attribute_not_exists(generation) \
                 OR generation <> :generation",
            )
            .value(":generation", text(generation.as_str())),
        }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("none"))
    }
}
