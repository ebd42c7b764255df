//! What `leavectl instance link --json` prints: one object for each event, the last of
//! them `linked`.

use linking::{Event, FirstLogin};
use serde::Serialize;

use super::seconds;
use crate::json;

/// An event.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Printed {
    /// A QR code to show, in place of the one before.
    Qr {
        /// What it holds.
        text: String,
        /// How long WhatsApp takes it.
        valid_for_seconds: u64,
        /// Which one it is, from 1.
        number: usize,
        /// How many there will be.
        of: usize,
    },
    /// A code to enter on the phone, in place of the one before.
    Code {
        /// The eight characters, without a dash.
        code: String,
        /// How long WhatsApp takes it.
        valid_for_seconds: u64,
        /// Which one it is, from 1.
        number: usize,
        /// How many there will be.
        of: usize,
    },
    /// WhatsApp changed the code; a new one follows.
    Refreshed,
    /// The phone has entered the code.
    Entered,
    /// The phone has taken a device.
    Paired {
        /// Its JID.
        jid: String,
    },
    /// The device's first login.
    Finishing {
        /// `logging_in`, `keys` or `messages`.
        step: &'static str,
    },
    /// It is linked and stored.
    Linked {
        /// The instance.
        #[serde(flatten)]
        named: json::Named,
        /// Its device's JID.
        jid: String,
        /// Its device's LID, where WhatsApp told it.
        lid: Option<String>,
        /// What the phone is, where it told.
        platform: Option<String>,
        /// The business's name, where it is one: text of whoever wrote it.
        business_name: Option<String>,
        /// Why its first login did not come to its end; `--resume` makes it again.
        unfinished: Option<String>,
        /// The JID of the device before, which is still on the phone.
        replaced: Option<String>,
    },
}

impl From<&Event<'_>> for Printed {
    fn from(event: &Event<'_>) -> Self {
        match event {
            Event::Qr { text, valid_for, number, of } => Self::Qr {
                text: (*text).to_owned(),
                valid_for_seconds: seconds(*valid_for),
                number: *number,
                of: *of,
            },
            Event::Code { code, valid_for, number, of } => Self::Code {
                code: (*code).to_owned(),
                valid_for_seconds: seconds(*valid_for),
                number: *number,
                of: *of,
            },
            Event::Refreshed => Self::Refreshed,
            Event::Entered => Self::Entered,
            Event::Paired { jid } => Self::Paired { jid: jid.to_string() },
            Event::Finishing(step) => Self::Finishing {
                step: match step {
                    FirstLogin::LoggingIn => "logging_in",
                    FirstLogin::Keys => "keys",
                    FirstLogin::Messages => "messages",
                },
            },
        }
    }
}
