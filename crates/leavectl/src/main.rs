//! The operator's tool. One file per command.

mod up;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Operates leave-group.
#[derive(Parser)]
#[command(name = "leavectl", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(up) => up.run().await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "leavectl: {error}");
            ExitCode::FAILURE
        }
    }
}
