//! What an operator does, over `DynamoDB`'s real protocol, where no command shows it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]
#![allow(clippy::disallowed_methods, reason = "tests stand beside a run that holds the lease")]

mod accounts;
mod clock;
mod cut;
mod delete;
mod keys;
mod link;
mod lists;
mod permissions;
mod rename;
mod rename_beside_others;
mod rig;
mod tokens;
mod verify;
mod visit;
