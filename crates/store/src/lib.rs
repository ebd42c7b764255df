//! The table: everything that is kept, and the only room that knows how.
//!
//! | module | what it is |
//! |---|---|
//! | [`gate`] | token and limit in one call |
//! | [`session`] | lease, intents, roster, history |
//! | [`seal`] | secrets at rest; the only room that sees a key |
//! | [`rows`] | what each row holds, its writer and its reader |
//! | [`client_version`] | the version that an operator can change |
//! | [`table`] | writes, and how a call fails |
//! | [`aws`] | how AWS is called |
//!
//! With the feature `operator` there is also what only operators do: accounts, devices,
//! changes of a session, the table's own form (`schema`). The function is built without.
//!
//! Much is public for a crate of this size: each attribute that somebody outside asks for
//! is a method, and each write a function. That is what keeps attribute names, keys and
//! conditions in here.

pub mod aws;
pub mod client_version;
pub mod gate;
mod random;
pub mod rows;
#[cfg(feature = "operator")]
pub mod schema;
pub mod seal;
pub mod session;
pub mod table;

pub use random::random;
