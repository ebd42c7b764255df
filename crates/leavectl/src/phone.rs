//! `leavectl phone`: the simulated phones of a running `leavectl up`.

use clap::{Args, Subcommand};
use local_stack::phones::{ADDRESS, Asked, ask};

use crate::failure::Failure;
use crate::{output, stdin};

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
#[command(after_help = "Example:\n  leavectl phone scan 5511999990003 '2@…'")]
pub(crate) struct Scan {
    /// The phone's number, digits only
    number: String,
    /// What the QR code holds, as `instance link --json` prints it; - reads it from stdin
    text: String,
}

/// Enter an 8-character code: link the device that shows it
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl phone enter 5511999990003 ABCD-1234")]
pub(crate) struct Enter {
    /// The phone's number, digits only
    number: String,
    /// The code; - reads it from stdin
    code: String,
}

impl Phone {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let (number, asked) = match self {
            Self::Scan(Scan { number, text }) => {
                (number, Asked::Scan(given(text, "what the QR code holds")?))
            }
            Self::Enter(Enter { number, code }) => (number, Asked::Enter(given(code, "the code")?)),
        };
        let address = std::env::var(ADDRESS).map_err(|_| {
            Failure::Refused(format!(
                "{ADDRESS} is not set: there is no simulated phone here. Start a stack with \
                 `leavectl up --data DIR`, and here `eval \"$(leavectl env --data DIR)\"`"
            ))
        })?;
        let jid = ask(&address, &number, &asked).await.map_err(Failure::Refused)?;
        output::line(&format!("The phone {number} has linked device {jid}."))
    }
}

/// Whoever has one of these before the phone does links a device.
fn given(text: String, what: &str) -> Result<String, Failure> {
    if text == stdin::MARK { stdin::line(what).map(|line| line.to_string()) } else { Ok(text) }
}
