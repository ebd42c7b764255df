//! `leavectl phone`: the simulated phones of a running `leavectl up`.

use clap::{Args, Subcommand};
use linking::PhoneNumber;
use local_stack::phones::{ADDRESS, Asked, NotLinked, ask};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::stdin;

/// Use a phone of the simulated WhatsApp, as its owner would
#[derive(Subcommand)]
#[command(after_help = "\
Works on a stack of this machine alone: `leavectl up` in another terminal. Real phones
are used by hand.")]
pub(crate) enum Phone {
    Scan(Scan),
    Enter(Enter),
}

/// Scan a QR code: link the device that shows it
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl phone scan 5511999990003 '2@…'
  leavectl phone scan '+55 (11) 99999-0003' - < qr.txt")]
pub(crate) struct Scan {
    /// The phone's number with its country code, as people write it
    number: PhoneNumber,
    /// What the QR code holds, as `instance link --json` prints it; - reads it from stdin
    text: String,
    #[command(flatten)]
    format: Format,
}

/// Enter an 8-character code: link the device that shows it
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl phone enter 5511999990003 ABCD-1234
  leavectl phone enter '+55 (11) 99999-0003' ABCD-1234")]
pub(crate) struct Enter {
    /// The phone's number with its country code, as people write it
    number: PhoneNumber,
    /// The code; - reads it from stdin
    code: String,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed<'a> {
    /// The phone's number, in digits.
    phone: &'a str,
    /// The JID of the device that it has linked.
    jid: &'a str,
}

impl Phone {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let (number, asked, format) = match self {
            Self::Scan(Scan { number, text, format }) => {
                (number, Asked::Scan(given(text, "what the QR code holds")?), format)
            }
            Self::Enter(Enter { number, code, format }) => {
                (number, Asked::Enter(given(code, "the code")?.replace(' ', "")), format)
            }
        };
        let number = number.digits();
        let address = std::env::var(ADDRESS).map_err(|_| {
            Failure::Refused(format!(
                "{ADDRESS} is not set: there is no simulated phone here. Start a stack with \
                 `leavectl up --data DIR`, and here `eval \"$(leavectl env --data DIR)\"`"
            ))
        })?;
        let jid = ask(&address, number, &asked).await.map_err(|why| {
            let exit = match why {
                NotLinked::Refused(_) => Exit::Failed,
                NotLinked::Silent(_) => Exit::TryAgain,
            };
            Failure::Because { text: why.to_string(), exit }
        })?;
        format.show(
            &Printed { phone: number, jid: &jid },
            &format!("The phone {number} has linked device {jid}."),
        )
    }
}

/// Whoever has one of these before the phone does links a device.
fn given(text: String, what: &str) -> Result<String, Failure> {
    if text == stdin::MARK { stdin::line(what).map(|line| line.to_string()) } else { Ok(text) }
}
