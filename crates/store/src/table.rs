//! DynamoDB: one table, its client, its keys, and how a call fails.
//!
//! Attribute names live with the items' owners: [`crate::gate`],
//! [`crate::session`], [`crate::seal`].

mod client;
mod failure;
pub mod index;
mod item;
pub mod keys;
mod witness;

pub use client::{Table, Update, Updated};
pub use failure::{Cancelled, StoreError};
pub use item::{Attributes, Corrupt, Item, binary, number, text};
