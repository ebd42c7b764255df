//! What a table has that the template does not say, and the other way round.

use super::found::{Found, Ttl, describe};
use super::{Index, KeyPart, TableSchema};
use crate::table::{StoreError, Table};

/// One way in which the table is not the template's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is compared.
    pub what: String,
    /// As the template has it.
    pub template: String,
    /// As the table has it; `None` when its engine does not tell.
    pub table: Option<String>,
}

impl Difference {
    /// Whether the table is other than the template says. What an engine does not
    /// tell is no fault of the table's.
    pub fn is_fault(&self) -> bool {
        self.table.is_some()
    }
}

impl Table {
    /// How the table differs from `schema`; `None` when there is no table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn compare(
        &self,
        schema: &TableSchema,
    ) -> Result<Option<Vec<Difference>>, StoreError> {
        let found = describe(self.client(), self.name()).await?;
        Ok(found.map(|found| differences(schema, &found)))
    }
}

pub(super) fn differences(schema: &TableSchema, found: &Found) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut compare = |what: &str, template: String, table: Option<String>| {
        if table.as_ref() != Some(&template) {
            all.push(Difference { what: what.to_owned(), template, table });
        }
    };
    compare("billing", schema.billing.clone(), found.billing.clone());
    compare("key", key(&schema.key), Some(key(&found.key)));
    compare("key attributes", types(&schema.attributes), Some(types(&found.attributes)));
    for wanted in &schema.indexes {
        let there = found.indexes.iter().find(|index| index.name == wanted.name);
        let there = there.map_or_else(|| "missing".to_owned(), index);
        compare(&format!("index {}", wanted.name), index(wanted), Some(there));
    }
    for other in &found.indexes {
        if schema.indexes.iter().all(|wanted| wanted.name != other.name) {
            compare(&format!("index {}", other.name), "none".to_owned(), Some(index(other)));
        }
    }
    let ttl = match &found.ttl {
        Ttl::Untold => None,
        Ttl::Off => Some("off".to_owned()),
        Ttl::By(attribute) => Some(attribute.clone()),
    };
    compare("TTL", schema.ttl.clone().unwrap_or_else(|| "off".to_owned()), ttl);
    let switch = |on: bool| if on { "on".to_owned() } else { "off".to_owned() };
    compare("point-in-time recovery", switch(schema.recovery), found.recovery.map(switch));
    compare("encryption by KMS", switch(schema.encryption), found.encryption.map(switch));
    let protection = found.deletion_protection.map(switch);
    compare("deletion protection", switch(schema.deletion_protection), protection);
    all
}

fn key(parts: &[KeyPart]) -> String {
    let parts: Vec<_> =
        parts.iter().map(|part| format!("{} {}", part.attribute, part.role)).collect();
    parts.join(", ")
}

fn types(attributes: &[(String, String)]) -> String {
    let attributes: Vec<_> =
        attributes.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    attributes.join(", ")
}

fn index(index: &Index) -> String {
    let mut text = format!("{}; {}", key(&index.key), index.projection);
    if !index.included.is_empty() {
        text.push_str(": ");
        text.push_str(&index.included.join(", "));
    }
    text
}
