//! The operator's tool. One file per command.
//!
//! | module | what it is |
//! |---|---|
//! | [`arguments`] | the commands, as `clap` reads them |
//! | [`place`] | which table and which WhatsApp: the function's environment variables, AWS's default chain |
//! | [`visible`] | what cannot be seen in others' text, made visible |
//! | [`stdin`] | secrets on standard input |
//! | [`output`] | tables for people, JSON for programs, colours on a terminal |
//! | [`progress`] | bars and spinners, on a terminal |
//! | [`confirm`] | asking before what cannot be undone |
//! | [`qr`] | QR codes, for a terminal and for a file |
//! | [`moment`] | times, as people write and read them |
//! | [`failure`] | why a command did not do what was asked, and what to do next |
//!
//! Everything else is a command, or a folder of commands.

mod account;
mod arguments;
mod completions;
mod confirm;
mod doctor;
mod env;
mod failure;
mod group;
mod history;
mod instance;
mod key;
mod leave;
mod man;
mod moment;
mod output;
mod phone;
mod place;
mod progress;
mod qr;
mod stdin;
mod table;
mod token;
mod up;
mod version;
mod visible;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match arguments::Arguments::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            ExitCode::FAILURE
        }
    }
}
