//! The README's commands, run by a plain shell as somebody pastes them: one after the
//! other into the same shell, with nothing that waits but what the README waits for.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod events;
mod from_a_phone_number;
mod left_out;
mod operate;
mod readme;
mod shell;
mod try_it;
