//! Imports from stores as other software writes them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arbitrary;
mod baileys;
mod databases;
mod evolution;
mod files;
mod hostile;
mod refusals;
mod rows;
mod stores;
mod whatsapp_rust;
mod whatsmeow;
