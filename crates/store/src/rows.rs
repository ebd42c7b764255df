//! The rows of the table: what each holds, its writer and its reader beside each other.
//!
//! | module | row |
//! |---|---|
//! | [`session`] | an instance's session |
//! | [`group`] | a group that an instance is in |
//! | [`left`] | a group that an instance left |
//! | [`token`] | a token, by its hash |
//! | [`data_key`] | a data key, and which one is current |
//! | `account` | an account |
//! | `device` | the claim of an instance on a device |
//! | `owned` | whatever belongs to an instance, of any kind |
//!
//! The answer that is kept for an `Idempotency-Key` stands with what asks for it
//! (`session/kept.rs`), and the client version too ([`crate::client_version`]).
//!
//! A writer makes an [`Action`](crate::table::Action), which
//! [`Table::write`](crate::table::Table::write) writes; a reader is a method of the table
//! or of what a refused condition saw.

#[cfg(feature = "operator")]
pub mod account;
pub mod data_key;
#[cfg(feature = "operator")]
pub mod device;
pub mod group;
pub mod left;
#[cfg(feature = "operator")]
pub mod owned;
pub mod session;
pub mod token;
