//! JIDs as other software writes them.

use domain::credentials::DeviceJid;

/// Whom a JID on `s.whatsapp.net` names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// A linked device.
    Device(DeviceJid),
    /// An account without a device number: keys that no phone has linked yet.
    Account(u64),
}

/// Where phone numbers are.
const SERVER: &str = "s.whatsapp.net";

/// `user[.0|_0][:device]@s.whatsapp.net`, or `@c.us`, as WhatsApp Web's own code has it:
/// whatsmeow writes the agent behind a dot, Baileys behind an underscore, and for a
/// phone number it is 0.
pub(crate) fn own(text: &str) -> Option<Own> {
    let (name, server) = text.split_once('@')?;
    if ![SERVER, "c.us"].contains(&server) {
        return None;
    }
    let Parts { user, agent: 0, device } = parts(name)? else { return None };
    let user: u64 = user.parse().ok().filter(|user| *user > 0)?;
    match device {
        None | Some(0) => Some(Own::Account(user)),
        Some(device) => format!("{user}:{device}@{SERVER}").parse().ok().map(Own::Device),
    }
}

/// The same account's LID, without device. What is no LID is left out: it serves only
/// to find ourselves in groups that hide phone numbers.
pub(crate) fn lid(text: &str) -> Option<String> {
    let (name, server) = text.split_once('@')?;
    let Parts { user, .. } = parts(name)?;
    (server == "lid").then(|| format!("{user}@lid"))
}

struct Parts<'a> {
    user: &'a str,
    agent: u16,
    device: Option<u16>,
}

/// Of `user[.agent][:device]`; the user is digits.
fn parts(name: &str) -> Option<Parts<'_>> {
    let (name, device) = match name.split_once(':') {
        Some((name, device)) => (name, Some(number(device)?)),
        None => (name, None),
    };
    let (user, agent) = match name.split_once(['.', '_']) {
        Some((user, agent)) => (user, number(agent)?),
        None => (name, 0),
    };
    let digits = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(Parts { user, agent, device })
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_ones_own_jid() {
        let device = |text: &str| Some(Own::Device(text.parse().unwrap()));
        for (text, expected) in [
            ("5511999990000:12@s.whatsapp.net", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000.0:12@s.whatsapp.net", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000_0:12@s.whatsapp.net", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000@s.whatsapp.net", Some(Own::Account(5_511_999_990_000))),
            ("5511999990000:0@s.whatsapp.net", Some(Own::Account(5_511_999_990_000))),
            ("5511999990000.0:0@s.whatsapp.net", Some(Own::Account(5_511_999_990_000))),
            ("5511999990000:12@c.us", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000.0:12@c.us", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000_0:12@c.us", device("5511999990000:12@s.whatsapp.net")),
            ("5511999990000@c.us", Some(Own::Account(5_511_999_990_000))),
            ("5511999990000:0@c.us", Some(Own::Account(5_511_999_990_000))),
            ("5511999990000.1:12@c.us", None),
            ("5511999990000:12@C.US", None),
            ("5511999990000:12@c.us.com", None),
            ("someone:12@c.us", None),
            ("", None),
            ("@s.whatsapp.net", None),
            (":12@s.whatsapp.net", None),
            ("0:12@s.whatsapp.net", None),
            ("5511999990000:@s.whatsapp.net", None),
            ("5511999990000:+1@s.whatsapp.net", None),
            ("5511999990000:65536@s.whatsapp.net", None),
            ("5511999990000.1.0:12@s.whatsapp.net", None),
            ("5511999990000.1:12@s.whatsapp.net", None),
            ("5511999990000:12:13@s.whatsapp.net", None),
            ("99999999999999999999:12@s.whatsapp.net", None),
            ("5511999990000:12@lid", None),
            ("5511999990000:12@g.us", None),
            ("someone:12@s.whatsapp.net", None),
        ] {
            assert_eq!(own(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_a_lid() {
        for (text, expected) in [
            ("100000000000001:12@lid", Some("100000000000001@lid")),
            ("100000000000001.1:12@lid", Some("100000000000001@lid")),
            ("100000000000001@lid", Some("100000000000001@lid")),
            ("", None),
            ("100000000000001", None),
            ("@lid", None),
            ("5511999990000:12@s.whatsapp.net", None),
        ] {
            assert_eq!(lid(text).as_deref(), expected, "{text}");
        }
    }
}
