//! Whatever belongs to an instance beside its session: roster, history, kept answers.
//! Deleting and renaming treat all of it alike, and each item by its generation.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::broken;
use domain::clock::Budget;
use domain::tenant::InstanceId;

use super::left::MOVED;
use crate::session::Generation;
use crate::table::{
    Action, Attributes, Condition, Corrupt, Item, StoreError, Table, key_of, keys, text,
};

/// An item of an instance that is not its session. No text shows what is in it.
pub struct Owned(Attributes);

impl std::fmt::Debug for Owned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Owned(…)")
    }
}

impl Owned {
    /// The generation that it is of.
    pub fn generation(&self) -> Generation {
        Generation::of(Item(&self.0))
    }

    /// The same under another name and of another generation. What was left says then
    /// that it was left under another name.
    ///
    /// # Errors
    /// [`Corrupt`] when the item has no key.
    pub fn copy_to(&self, new: &InstanceId, generation: &Generation) -> Result<Action, Corrupt> {
        let mut copy = self.0.clone();
        copy.insert("pk".to_owned(), text(keys::instance_partition(new)));
        generation.mark(&mut copy);
        if Item(&self.0).text("sk")?.starts_with(keys::LEFT_PREFIX) {
            copy.insert(MOVED.to_owned(), AttributeValue::Bool(true));
        }
        Ok(Action::put(copy))
    }
}

impl Table {
    /// Everything of an instance but its session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owned_by(
        &self,
        instance: &InstanceId,
        budget: Budget,
    ) -> Result<Vec<Owned>, StoreError> {
        let mut rows = self.partition(&keys::instance_partition(instance), budget).await?;
        rows.retain(|row| Item(row).optional_text("sk") != Some(keys::SESSION));
        Ok(rows.into_iter().map(Owned).collect())
    }

    /// Deletes an item, if it is there and of the generation that was read. Whether it was.
    ///
    /// # Errors
    /// [`StoreError`]. Asking again does no harm.
    pub async fn delete_owned(&self, row: &Owned) -> Result<bool, StoreError> {
        let is_its = broken!(TidyingSparesTheNew => Condition::exists(); is_of(&row.generation()));
        self.delete_if(key_of(Item(&row.0))?, &is_its).await
    }
}

/// It is there, and of that generation.
pub(super) fn is_of(generation: &Generation) -> Condition {
    let condition = Condition::exists();
    match &generation.0 {
        None => condition.and("attribute_not_exists(generation)"),
        Some(generation) => condition
            .and("generation = :generation")
            .value(":generation", text(generation.as_str())),
    }
}
