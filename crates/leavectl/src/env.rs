//! `leavectl env`: the variables of a stack that `leavectl up --data` runs.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use local_stack::data_folder::{Standing, standing};
use operator::shell::{self, quoted};

use crate::failure::Failure;
use crate::output;
use crate::up::refused::{told, who};

/// What another terminal needs.
const VARIABLES: [&str; 9] = [
    "TABLE_NAME",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "SEALING_KEY",
    "WHATSAPP_URL",
    "WHATSAPP_ROOT_KEY",
    local_stack::phones::ADDRESS,
];
/// What is one's own where it is set.
const OWN: [&str; 3] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// How long one may be just about to start: `leavectl up … &` is the line before.
const STARTING: Duration = Duration::from_secs(5);
/// From when on a person wants to know what is waited for.
const QUIET: Duration = Duration::from_secs(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Print the variables of a running `leavectl up --data DIR`, for the shell
#[derive(Args)]
#[command(after_help = "\
Example:
  leavectl up --data ./stack &
  eval \"$(leavectl env --data ./stack)\"

A stack that is starting is waited for; where none is, 5 seconds at most. When it fails,
what it prints makes the shell's `eval` fail too.")]
pub(crate) struct Env {
    /// The data folder of the running stack
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How long a stack that is starting is waited for; 0 asks once
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u32,
}

/// Why there are no variables: in short, and what to do.
struct Without {
    short: String,
    advice: String,
}

impl Env {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.variables() {
            Ok(Ok(variables)) => output::raw(variables.trim_end()),
            Ok(Err(Without { short, advice })) => {
                fail_the_shell(&short)?;
                Err(Failure::Refused(format!("{short}{advice}")))
            }
            Err(failure) => {
                fail_the_shell("the stack cannot be asked")?;
                Err(failure)
            }
        }
    }

    fn variables(&self) -> Result<Result<String, Without>, Failure> {
        let wait = Duration::from_secs(self.wait.into());
        let began = Instant::now();
        let mut last_held = began;
        let mut is_noted = false;
        loop {
            let standing = match standing(&self.data).map_err(|error| told(error, true))? {
                Standing::Ready(variables) => return Ok(Ok(variables)),
                standing => standing,
            };
            if matches!(standing, Standing::Held(_)) {
                last_held = Instant::now();
            }
            if began.elapsed() >= wait || last_held.elapsed() >= STARTING {
                return Ok(Err(self.without(&standing)));
            }
            if began.elapsed() >= QUIET && !is_noted {
                is_noted = true;
                output::note(&self.waiting(&standing));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn waiting(&self, standing: &Standing) -> String {
        let folder = self.data.display();
        if let Standing::Held(holder) = standing {
            format!("Waiting for the stack on {folder} to be ready{}", who(holder.as_ref()))
        } else {
            format!("No stack runs on {folder} yet; waiting for one that starts")
        }
    }

    fn without(&self, standing: &Standing) -> Without {
        let folder = self.data.display();
        let has_waited = self.wait > 0;
        if let Standing::Held(holder) = standing {
            let after = if has_waited { format!(" after {} s", self.wait) } else { String::new() };
            return Without {
                short: format!("the stack on {folder} is not ready{after}"),
                advice: format!(
                    "{}\nLook at what it says in its terminal, or wait longer with --wait",
                    who(holder.as_ref())
                ),
            };
        }
        let starting = if has_waited { ", and none is starting" } else { "" };
        let quoted = shell::path(&self.data);
        Without {
            short: format!("no stack runs on {folder}"),
            advice: format!("{starting}; start one with `leavectl up --data {quoted}`"),
        }
    }
}

/// What `eval` is given fails as we do, where it would do nothing with nothing.
fn fail_the_shell(why: &str) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        return Ok(());
    }
    output::raw(&format!("false # {}", output::printable(why)))
}

/// The line that another terminal needs.
pub(crate) fn exports(environment: &BTreeMap<String, String>) -> String {
    let exports = VARIABLES.iter().filter_map(|name| {
        // One's own AWS credentials are there already, and are not for a screen.
        let own = OWN.contains(name) && std::env::var_os(name).is_some();
        let value = environment.get(*name).filter(|_| !own)?;
        Some(format!("{name}={}", quoted(value)))
    });
    format!("export {}", exports.collect::<Vec<_>>().join(" "))
}
