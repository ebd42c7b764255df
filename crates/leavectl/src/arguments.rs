//! The commands.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;
use crate::{
    account, both_forms, completing, completions, doctor, env, group, history, instance, key,
    leave, man, phone, table, tips, token, unrepeated, up, version,
};

const ABOUT: &str = "\
Everything but `up` works on the place that the function's own environment variables
name: TABLE_NAME, SEALING_KEY_ARN or SEALING_KEY, AWS_ENDPOINT_URL_DYNAMODB,
WHATSAPP_URL and the others. Region and credentials that are not in the environment
come from where the AWS CLI has them.

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 not a member of the group, 4 refused or
failed now, and it can end otherwise later: try again.

With --json, an error is {\"error\":{\"message\":\"…\"}} on stderr.";

const EXAMPLES: &str = "\
Examples:
  leavectl up --data ./stack             in one terminal
  eval \"$(leavectl env --data ./stack)\"  in another one
  leavectl doctor
  leavectl account create acme --note \"Acme Ltd\"
  leavectl instance create acme sales
  leavectl token issue acme --instance sales --expires 90d
  leavectl leave acme sales https://chat.whatsapp.com/ABC123XYZ --dry-run";

/// Operates leave-group: accounts, tokens, instances, groups, keys
#[derive(Parser)]
#[command(name = "leavectl", version, after_help = EXAMPLES, long_about = None, before_help = None)]
#[command(after_long_help = format!("{ABOUT}\n\n{EXAMPLES}"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Env(env::Env),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Table(table::Table),
    #[command(subcommand)]
    Account(account::Account),
    #[command(subcommand)]
    Instance(instance::Instance),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Group(group::Group),
    Leave(leave::Leave),
    History(history::History),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Version(version::Version),
    #[command(subcommand)]
    Phone(phone::Phone),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Arguments {
    /// Reads the command line, unless it is a shell that asks what could be on it: that is
    /// answered, and the process ends.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for.
    pub(crate) fn read(words: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut tool = Self::command();
        tool.build();
        if completing::answered(&tool, &words) {
            // A connection that was given up must not be waited for.
            std::process::exit(0);
        }
        let words = both_forms::split(&tool, words);
        Self::try_parse_from(&words)
            .map_err(|error| unrepeated::masked(tips::added(error, &tool, &words)))
    }

    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Up(up) => up.run().await,
            Command::Env(env) => env.run(),
            Command::Doctor(doctor) => doctor.run().await,
            Command::Table(table) => table.run().await,
            Command::Account(account) => account.run().await,
            Command::Instance(instance) => instance.run().await,
            Command::Token(token) => token.run().await,
            Command::Group(group) => group.run().await,
            Command::Leave(leave) => leave.run().await,
            Command::History(history) => history.run().await,
            Command::Key(key) => key.run().await,
            Command::Version(version) => version.run().await,
            Command::Phone(phone) => phone.run().await,
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(Self::command()),
        }
    }
}
