//! Why a simulated phone did not link a device, and what its owner does next.

use whatsapp_simulator::LinkError;

/// A sentence for the owner of the phone `number`.
pub(super) fn told(error: &LinkError, number: &str) -> String {
    let link = format!("`leavectl instance link ACCOUNT INSTANCE --phone {number}`");
    match error {
        LinkError::NotAQrCode(_) => "this is no linking QR code: give the `text` that `leavectl \
             instance link ACCOUNT INSTANCE --json` prints, in single quotes"
            .to_owned(),
        LinkError::NotACode => format!(
            "this is no linking code, which has eight letters and digits, without 0, I, O and U, \
             like ABCD-1234: enter the one that {link} shows"
        ),
        LinkError::UnknownRef => "no device of this stack shows this QR code: run `leavectl \
             instance link ACCOUNT INSTANCE --json` on it, and scan the `text` that it prints \
             while it runs"
            .to_owned(),
        LinkError::ExpiredRef => "this QR code is used up or too old: scan the newest one that \
             `leavectl instance link` shows, or run that again"
            .to_owned(),
        LinkError::OtherKeys => "the keys in the code are not those of the device that waits: run \
             `leavectl instance link` again, and take its code whole"
            .to_owned(),
        LinkError::NoCompanion => format!(
            "no device waits for a code of the phone {number}: run {link} first, and enter the \
             code that it shows while it runs"
        ),
        LinkError::WrongCode => format!(
            "the device that waits for the phone {number} shows another code: enter the newest \
             one that `leavectl instance link` shows, or run {link} again"
        ),
        LinkError::TooManyCompanions => format!(
            "the phone {number} has four linked devices already, and WhatsApp allows no more: take \
             one off with `leavectl instance delete ACCOUNT INSTANCE --unlink`, or use another phone"
        ),
        LinkError::Refused { code, text } => format!(
            "the device refused the phone {number} ({code} {text}): see what its `leavectl \
             instance link` says, and run that again"
        ),
        LinkError::Unsound(why) => format!(
            "the device's answer is none that WhatsApp takes ({why}): run `leavectl instance link` \
             again"
        ),
        LinkError::Gone => {
            format!("the device has stopped waiting: run {link} again, and leave it running")
        }
        LinkError::NoAnswer => {
            "the device has not answered for a minute: end its `leavectl instance link`, and run \
             that again"
                .to_owned()
        }
        LinkError::Key(why) => {
            format!("the device's keys cannot be used ({why}): run `leavectl instance link` again")
        }
        // The simulator may learn other reasons.
        other => format!("{other}: run `leavectl instance link` again"),
    }
}
