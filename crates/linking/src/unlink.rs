//! Takes a device off its account.

use leave_group::clock::Budget;
use leave_group::credentials::DeviceJid;
use leave_group::whatsapp::{Failure, Online};
use wacore::iq::devices::RemoveCompanionDeviceSpec;
use wacore_binary::Jid;

use crate::conversation::Conversation;
use crate::timing::Timing;

/// Unlinks `device` on its own connection, and closes it. Its credentials are worth nothing
/// afterwards.
///
/// `<iq type="set" xmlns="md"><remove-companion-device jid reason="user_initiated"/></iq>`
/// (WhatsApp Web: `WAWebLogoutJob`).
///
/// # Errors
/// [`Failure::Iq`] when WhatsApp refuses, or the connection's failure. That WhatsApp removes the
/// device before it answers is no failure.
pub async fn unlink(online: Online, device: &DeviceJid, timing: &Timing) -> Result<(), Failure> {
    let mut conversation = Conversation::new(online, timing);
    let jid = Jid::pn_device(device.user().to_string(), device.device());
    let answer = conversation.ask(&RemoveCompanionDeviceSpec::new(&jid)).await;
    conversation.close(Budget::of(timing.step)).await;
    match answer {
        Err(failure) if failure.is_logged_out() => Ok(()),
        answer => answer,
    }
}
