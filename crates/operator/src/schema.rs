//! The table as `template.yaml` makes it: read from that very file, so that a table
//! made here and one made by the stack cannot differ.

mod compare;
mod create;
mod found;
mod template;

pub use compare::Difference;
pub use create::{Made, Setting};
pub use template::TemplateError;

/// What a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// `PAY_PER_REQUEST` or `PROVISIONED`.
    pub billing: String,
    /// Key attributes and their types (`S`, `N`, `B`), by name.
    pub attributes: Vec<(String, String)>,
    /// The key.
    pub key: Vec<KeyPart>,
    /// The global secondary indexes, by name.
    pub indexes: Vec<Index>,
    /// The attribute of TTL.
    pub ttl: Option<String>,
    /// Point-in-time recovery.
    pub recovery: bool,
    /// Encryption with a key of KMS.
    pub encryption: bool,
    /// Deletion protection.
    pub deletion_protection: bool,
    /// Most read and write units per second, by the parameters' defaults: a stack
    /// may have others, so these are no difference.
    pub most_units: Option<(i64, i64)>,
}

/// One attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPart {
    /// The attribute.
    pub attribute: String,
    /// `HASH` or `RANGE`.
    pub role: String,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: Vec<KeyPart>,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
    /// The attributes that `INCLUDE` includes, sorted.
    pub included: Vec<String>,
}

impl TableSchema {
    /// The template's.
    ///
    /// # Errors
    /// [`TemplateError`] when the template says something that is not read here.
    pub fn of_template() -> Result<Self, TemplateError> {
        template::read(include_str!("../../../template.yaml"))
    }
}
