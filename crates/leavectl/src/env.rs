//! `leavectl env`: the variables of a stack that `leavectl up --data` runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use local_stack::private_files;

use crate::failure::Failure;
use crate::output;

/// The file in the data folder; it is there while the stack runs.
const FILE: &str = "env";
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

/// Print the variables of a running `leavectl up --data DIR`, for the shell
#[derive(Args)]
#[command(after_help = "Example:\n  eval \"$(leavectl env --data ./stack)\"")]
pub(crate) struct Env {
    /// The data folder of the running stack
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Env {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.data.join(FILE);
        let text = std::fs::read_to_string(&file).map_err(|_| {
            let folder = self.data.display();
            Failure::Refused(format!(
                "no stack runs on {folder}; start one with `leavectl up --data {folder}`"
            ))
        })?;
        output::raw(text.trim_end())
    }
}

/// The line that another terminal needs.
pub(crate) fn exports(environment: &BTreeMap<String, String>) -> String {
    let exports = VARIABLES.iter().filter_map(|name| {
        // One's own AWS credentials are there already, and are not for a screen.
        let own = name.starts_with("AWS_") && std::env::var_os(name).is_some();
        let value = environment.get(*name).filter(|_| !own)?;
        Some(format!("{name}={}", quoted(value)))
    });
    format!("export {}", exports.collect::<Vec<_>>().join(" "))
}

/// As a shell reads it back.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.,_+=-".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Writes the file, for this user only: it has the sealing key.
pub(crate) fn keep(folder: &Path, exports: &str) -> Result<(), Failure> {
    Ok(private_files::write(&folder.join(FILE), format!("{exports}\n").as_bytes())?)
}

/// Takes the file away: its addresses are nobody's now.
pub(crate) fn forget(folder: &Path) {
    let _ = std::fs::remove_file(folder.join(FILE));
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_is_one_word_to_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:1/a+b="), "http://127.0.0.1:1/a+b=");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
