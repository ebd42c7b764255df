//! The table as `template.yaml` makes it: read from that very file, so that a table
//! made here and one made by the stack cannot differ.

mod template;

use store::schema::TableSchema;
pub use store::schema::{Difference, Made, Setting};

use crate::{Operator, OperatorError};

pub use template::TemplateError;

/// The table that the template makes.
///
/// # Errors
/// [`TemplateError`] when the template says something that is not read here.
pub fn of_template() -> Result<TableSchema, TemplateError> {
    template::read(include_str!("../../../template.yaml"))
}

impl Operator {
    /// How the table differs from `schema`; `None` when there is no table.
    ///
    /// # Errors
    /// The table's.
    pub async fn compare_table(
        &self,
        schema: &TableSchema,
    ) -> Result<Option<Vec<Difference>>, OperatorError> {
        Ok(self.table.compare(schema).await?)
    }

    /// Makes the table of `schema`, and of one that is there what it lacks:
    /// indexes, TTL, recovery. What it has otherwise is not changed.
    ///
    /// # Errors
    /// The table's.
    pub async fn create_table(&self, schema: &TableSchema) -> Result<Made, OperatorError> {
        Ok(self.table.create(schema).await?)
    }
}
