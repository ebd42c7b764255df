//! From nothing to a device that the phone shows.

use std::fmt;

use domain::clock::{Budget, Clock};
use domain::credentials::Credentials;
use tokio::time::Instant;
use wacore_binary::OwnedNodeRef;
use whatsapp::{Abandoned, Dialer, Failure, Online};

use crate::companion::Companion;
use crate::conversation::Conversation;
use crate::error::{LinkError, Unfinished};
use crate::event::Event;
use crate::phone::PhoneNumber;
use crate::prompt::Prompt;
use crate::timing::Timing;
use crate::{code, proof, qr};

/// How the phone is told of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// It scans a QR code.
    Qr,
    /// A code is entered on it.
    Code {
        /// The phone's number.
        phone: PhoneNumber,
    },
}

/// A device that the phone has taken. Its credentials are good from here on, so they are best
/// stored before [`Paired::finish`].
pub struct Paired {
    /// What a login needs.
    pub credentials: Credentials,
    /// The phone's system, as WhatsApp names it: `android`, `iphone`, `smba`, …
    pub platform: String,
    /// The business's name, when the account is one.
    pub business_name: Option<String>,
    pub(crate) companion: Companion,
}

impl fmt::Debug for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paired")
            .field("credentials", &self.credentials)
            .field("platform", &self.platform)
            .field("business_name", &self.business_name)
            .finish_non_exhaustive()
    }
}

/// A device that is linked.
#[derive(Debug)]
pub struct Linked {
    /// What a login needs.
    pub credentials: Credentials,
    /// The phone's system, as WhatsApp names it: `android`, `iphone`, `smba`, …
    pub platform: String,
    /// The business's name, when the account is one.
    pub business_name: Option<String>,
    /// Why its first login did not come to its end, when it did not. The credentials are good all
    /// the same.
    pub unfinished: Option<Unfinished>,
}

/// Links a new device: [`pair`], then [`Paired::finish`].
///
/// # Errors
/// [`LinkError`] when no device was linked. What fails after the phone has taken it is in
/// [`Linked::unfinished`].
pub async fn link(
    dialer: &Dialer,
    clock: &dyn Clock,
    method: Method,
    timing: &Timing,
    mut on: impl FnMut(Event<'_>),
) -> Result<Linked, LinkError> {
    let paired = pair(dialer, clock, method, timing, &mut on).await?;
    let unfinished = paired.finish(dialer, clock, timing, || true, &mut on).await.err();
    if unfinished == Some(Unfinished::LoggedOut) {
        return Err(LinkError::NotAccepted);
    }
    let Paired { credentials, platform, business_name, companion: _ } = paired;
    Ok(Linked { credentials, platform, business_name, unfinished })
}

/// Registers a new device, shows the phone's user its codes through `on`, and waits until the
/// phone has taken it.
///
/// # Errors
/// [`LinkError`] when no device was linked.
pub async fn pair(
    dialer: &Dialer,
    clock: &dyn Clock,
    method: Method,
    timing: &Timing,
    mut on: impl FnMut(Event<'_>),
) -> Result<Paired, LinkError> {
    let mut companion = Companion::new();
    let mut online = register(dialer, clock, &mut companion, timing).await?;
    let mut conversation = Conversation::new(&mut online, timing);
    let paired = take(&mut conversation, companion, method, timing, &mut on).await;
    online.close(Budget::of(timing.step)).await;
    paired
}

/// Connects as a device that does not exist yet.
async fn register(
    dialer: &Dialer,
    clock: &dyn Clock,
    companion: &mut Companion,
    timing: &Timing,
) -> Result<Online, LinkError> {
    let budget = Budget::of(timing.step);
    let greeted = dialer.greet(budget, clock.now()).await?;
    let payload = companion.registration(greeted.version());
    let entered = greeted.enter(&companion.noise_private_key(), &payload, budget, || true).await;
    entered.map_err(|abandoned| failure(abandoned).into())
}

async fn take(
    conversation: &mut Conversation<'_>,
    mut companion: Companion,
    method: Method,
    timing: &Timing,
    on: &mut impl FnMut(Event<'_>),
) -> Result<Paired, LinkError> {
    let references = references(conversation, timing).await?;
    let success = match method {
        Method::Qr => qr::scanned(conversation, &mut companion, references, timing, on).await?,
        Method::Code { phone } => {
            code::entered(conversation, &mut companion, &phone, timing, on).await?
        }
    };
    let proven = answer(conversation, &success, &companion).await?;
    on(Event::Paired { jid: &proven.jid });
    hear_out(conversation, timing).await;

    let noise_private_key = companion.noise_private_key();
    Ok(Paired {
        credentials: Credentials {
            noise_private_key,
            device: proven.jid,
            lid: proven.lid,
            proxy: None,
        },
        platform: proven.platform,
        business_name: proven.business_name,
        companion,
    })
}

/// Waits for `<pair-device>`, the first thing that WhatsApp says.
async fn references(
    conversation: &mut Conversation<'_>,
    timing: &Timing,
) -> Result<Vec<String>, LinkError> {
    let until = Instant::now() + timing.step;
    while let Some(stanza) = conversation.next(until).await? {
        match Prompt::read(&stanza) {
            Prompt::References(references) => return Ok(references),
            Prompt::Passkey => return Err(LinkError::PasskeyDemanded),
            Prompt::Success
            | Prompt::Entered(_)
            | Prompt::CodeExpired { .. }
            | Prompt::SecretRetired
            | Prompt::Other => {}
        }
    }
    Err(LinkError::Lost(Failure::Protocol("no pair-device")))
}

/// Checks the phone's proof, and answers it either way.
async fn answer(
    conversation: &mut Conversation<'_>,
    success: &OwnedNodeRef,
    companion: &Companion,
) -> Result<proof::Proven, LinkError> {
    let checked = proof::check(success, companion);
    let sent = conversation.send(&checked.answer).await;
    // What is wrong with the proof counts, whether WhatsApp hears of it or not.
    let proven = checked.proven?;
    sent?;
    Ok(proven)
}

/// WhatsApp ends the stream with 515 once it knows the device. However it ends, the phone may show
/// the device by now: only the login will tell.
async fn hear_out(conversation: &mut Conversation<'_>, timing: &Timing) {
    let until = Instant::now() + timing.step;
    while let Ok(Some(_)) = conversation.next(until).await {}
}

/// Nobody but us knows the new keys, so there is no lease that could end.
pub(crate) fn failure(abandoned: Abandoned) -> Failure {
    match abandoned {
        Abandoned::Failed(failure) => failure,
        Abandoned::LeaseExpired => Failure::Closed,
    }
}
