//! The operator's tool. One file per command.
//!
//! | module | what it is |
//! |---|---|
//! | [`arguments`] | the commands, as `clap` reads them |
//! | [`words`], [`both_forms`] | the words of a line before that; `acme/sales` and `acme sales` |
//! | [`tips`], [`unrepeated`] | what helps where a line is refused, and what is not repeated there |
//! | [`completing`], [`offers`] | what a shell is answered that completes a line |
//! | [`place`] | which table and which WhatsApp: the function's environment variables, AWS's default chain |
//! | [`visible`] | what cannot be seen in others' text, made visible |
//! | [`stdin`] | secrets on standard input |
//! | [`json`] | the words of `--json` that commands have in common |
//! | [`narrow`] | how much of a long list is shown |
//! | [`output`] | lines for people, JSON for programs, colours on a terminal |
//! | [`columns`] | tables for people |
//! | [`terminal`] | how large a terminal is, what it can do, how wide text is on it |
//! | [`progress`] | bars and spinners, on a terminal |
//! | [`confirm`] | asking before what cannot be undone |
//! | [`qr`] | QR codes, for a terminal and for a file |
//! | [`moment`] | times, as people write and read them |
//! | [`count`] | numbers with their word |
//! | [`exit`] | the exit codes |
//! | [`failure`] | why a command did not do what was asked, and what to do next |
//!
//! Everything else is a command, or a folder of commands.

mod account;
mod arguments;
mod both_forms;
mod columns;
mod completing;
mod completions;
mod confirm;
mod count;
mod doctor;
mod env;
mod exit;
mod failure;
mod group;
mod history;
mod instance;
mod json;
mod key;
mod leave;
mod man;
mod moment;
mod narrow;
mod offers;
mod output;
mod phone;
mod place;
mod progress;
mod qr;
#[cfg(test)]
mod schemas;
mod stdin;
mod table;
mod terminal;
mod tips;
mod token;
mod unrepeated;
mod up;
mod version;
mod visible;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::exit::Exit;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    output::choose(&arguments);
    let arguments = match arguments::Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(refused) => return misunderstood(&refused).into(),
    };
    match arguments.run().await {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            output::failure(&failure);
            failure.exit().into()
        }
    }
}

/// What `clap` says in place of arguments: help that was asked for, or why they are none.
fn misunderstood(refused: &clap::Error) -> Exit {
    match refused.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = refused.print();
            Exit::Done
        }
        _ if output::is_for_a_program() => {
            let text = refused.to_string();
            output::error(text.trim_start_matches("error: ").trim_end(), "");
            Exit::Usage
        }
        // With its colours.
        _ => {
            let _ = refused.print();
            Exit::Usage
        }
    }
}
