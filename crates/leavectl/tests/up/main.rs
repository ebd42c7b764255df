//! `leavectl up` as a process: what it prints, what it keeps, who else may use its
//! folder, how it stops; `leavectl env` and `leavectl phone` beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod data;
mod env;
mod lock;
mod phones;
mod refused;
mod rig;
#[path = "../commands/schema.rs"]
mod schema;
mod seeded;
mod signals;
mod stack;
