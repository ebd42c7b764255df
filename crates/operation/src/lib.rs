//! What is done under a session's lease, over one short connection.
//!
//! | module | what it is |
//! |---|---|
//! | [`order`] | what a caller orders: the only way to name an instance to [`leave`] |
//! | [`leave`] | an instance leaves groups, and the answer is true |
//! | [`check`] | which sessions are due, and how they do |
//! | [`visit`] | lease, connection, work, close, settle: the one way to any of them |
//! | [`connection`], [`credentials`] | what a visit connects with, and what a failure says |
//! | [`engine`], [`config`] | what every run stands on, out of the environment |

pub mod check;
pub mod config;
pub mod connection;
pub mod credentials;
pub mod engine;
pub mod leave;
pub mod order;
pub mod visit;
