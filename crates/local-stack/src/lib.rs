//! The whole service on one machine, from real parts: an embedded database that
//! speaks DynamoDB's protocol, a simulated WhatsApp that speaks WhatsApp's, and
//! the function's own entry behind HTTP. `leavectl up` runs it, the tests use it.
//!
//! | module | what it is |
//! |---|---|
//! | [`backends`] | DynamoDB, WhatsApp and the keys; the function's environment for them |
//! | [`data_folder`] | one stack at a time on a folder, and what tells others of it |
//! | [`provision`] | accounts, tokens, instances and groups in the table |
//! | [`items`] | items as they stand, for tests |
//! | [`seed`] | the demonstration data of `leavectl up` |
//! | [`front`] | HTTP in, an API Gateway event to the function, HTTP out |
//! | [`phones`] | the simulated phones, for another process |
//! | [`private_files`] | files for this user alone |
//! | [`runtime_api`] | Lambda's Runtime API, for the real binary |
//! | [`function`] | the real binary as a child process |
//! | [`traffic`] | DynamoDB's calls counted, and faults injected into them |
//! | [`proxy`] | the same for a function in another process |
//! | [`manual_clock`] | a clock that stands until it is moved |
//!
//! Much is public: it is the rig of every test of the workspace.

pub mod backends;
pub mod data_folder;
mod database;
mod error;
pub mod front;
pub mod function;
pub mod items;
pub mod manual_clock;
pub mod phones;
pub mod private_files;
pub mod provision;
pub mod proxy;
pub mod runtime_api;
pub mod seed;
mod server;
pub mod traffic;

pub use backends::{Backends, Options};
pub use error::StackError;
