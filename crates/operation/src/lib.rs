//! What is done under a session's lease, over one short connection.
//!
//! | module | what it is |
//! |---|---|
//! | [`order`] | what a caller orders: the only way to name an instance to [`leave`] |
//! | [`leave`] | an instance leaves groups, and the answer is true |
//! | [`check`] | which sessions are due, and how they do |
//! | [`connection`] | from a lease to a connection, and what a failed login says |
//! | [`engine`], [`config`] | what every run stands on, out of the environment |

pub mod check;
pub mod config;
pub mod connection;
pub mod engine;
pub mod leave;
pub mod order;
