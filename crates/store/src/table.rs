//! DynamoDB: one table, its client, its keys, and how a call fails.
//!
//! Attribute names live with the rows' own files: [`crate::rows`], and beside them
//! [`crate::gate`], [`crate::session`] and [`crate::client_version`] for what one
//! expression changes. None of them, and no type of the SDK, leaves this crate.

mod action;
mod cancelled;
mod client;
mod failure;
mod found;
pub(crate) mod index;
mod item;
pub(crate) mod keys;
#[cfg(feature = "operator")]
mod operators;
mod read;
mod start;
mod witness;
mod write;

pub use action::{Action, MOST_ACTIONS};
pub(crate) use action::{Condition, Update};
pub(crate) use cancelled::Cancelled;
pub use client::Table;
pub(crate) use client::Updated;
pub use failure::{Code, StoreError};
pub(crate) use found::owner;
pub use found::{Found, Refused};
pub use index::UsedIndex;
pub use item::Corrupt;
pub(crate) use item::{Attributes, Item, binary, number, text};
#[cfg(feature = "operator")]
pub(crate) use operators::{BY_ACCOUNT, key_of};
pub use start::AtStart;
