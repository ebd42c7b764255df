//! Each command as a process, before an embedded DynamoDB and a simulated WhatsApp.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod accounts;
mod both_forms;
mod checks;
mod completing;
mod doctor;
mod exit_codes;
mod groups;
mod help;
mod history;
mod imports;
mod instances;
mod json;
mod keys;
mod leave;
mod linking;
mod meant;
mod narrow;
mod others_text;
mod place;
mod pty;
mod qr;
mod rig;
mod schema;
mod secrets;
mod shells;
mod stdin;
mod table;
mod terminal;
mod tokens;
mod usage;
mod versions;
