//! Takes a device off its account.

use domain::clock::Budget;
use domain::credentials::DeviceJid;
use tokio::time::timeout_at;
use wacore::iq::devices::RemoveCompanionDeviceSpec;
use wacore_binary::Jid;
use whatsapp::{CLOSING, Failure, Online, Step};

use crate::conversation::Conversation;
use crate::timing::Timing;

/// Unlinks `device` on its own connection, within `budget`. Its credentials are worth nothing
/// afterwards.
///
/// `<iq type="set" xmlns="md"><remove-companion-device jid reason="user_initiated"/></iq>`
/// (WhatsApp Web: `WAWebLogoutJob`).
///
/// # Errors
/// [`Failure::Iq`] when WhatsApp refuses, or the connection's failure: the device may be gone
/// then, which its next login tells. That WhatsApp removes the device before it answers is no
/// failure.
pub async fn unlink(
    online: &mut Online,
    device: &DeviceJid,
    budget: Budget,
) -> Result<(), Failure> {
    let timing = Timing { step: budget.remaining(), ..Timing::default() };
    let mut conversation = Conversation::new(online, &timing);
    let jid = Jid::pn_device(device.user().to_string(), device.device());
    let question = RemoveCompanionDeviceSpec::new(&jid);
    let asking = timeout_at(budget.keeping(CLOSING).end(), conversation.ask(&question));
    match asking.await.unwrap_or(Err(Failure::Timeout(Step::Iq))) {
        Err(failure) if failure.is_logged_out() => Ok(()),
        answer => answer,
    }
}
