//! The form of the table: what the code uses of it, what one that is there has, and making
//! it. What it should be is read elsewhere, from `template.yaml`.

mod compare;
mod create;
mod found;

pub use compare::Difference;
pub use create::{Made, Setting};

use crate::table::BY_ACCOUNT;
pub use crate::table::UsedIndex;
use crate::table::index::BY_DUE;

/// What the code uses of a table: a table without it does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// The attribute that is the partition key.
    pub partition: &'static str,
    /// The attribute that is the sort key.
    pub sort: &'static str,
    /// The index of everything of an account.
    pub by_account: UsedIndex,
    /// The index of the sessions that are due for a check.
    pub by_due: UsedIndex,
    /// The attribute of TTL.
    pub ttl: &'static str,
}

/// What the code uses of a table.
pub const USED: Used =
    Used { partition: "pk", sort: "sk", by_account: BY_ACCOUNT, by_due: BY_DUE, ttl: "expires_at" };

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
