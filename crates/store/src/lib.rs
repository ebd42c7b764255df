//! The table: everything that is kept, and the only room that knows how.
//!
//! | module | what it is |
//! |---|---|
//! | [`gate`] | token and limit in one call |
//! | [`session`] | lease, intents, roster, history |
//! | [`seal`] | secrets at rest; the only room that sees a key |
//! | [`client_version`] | the version that an operator can change |
//! | [`table`] | items, keys, and how a call fails |
//! | [`aws`] | how AWS is called |

pub mod aws;
pub mod client_version;
pub mod gate;
pub mod seal;
pub mod session;
pub mod table;
