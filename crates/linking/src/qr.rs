//! The phone's way by QR code.

use tokio::time::Instant;
use wacore_binary::OwnedNodeRef;

use crate::companion::Companion;
use crate::conversation::Conversation;
use crate::error::LinkError;
use crate::event::Event;
use crate::prompt::Prompt;
use crate::timing::Timing;

/// Shows one reference after the other until the phone has scanned one, and returns the
/// `<pair-success>` that follows.
pub(crate) async fn scanned(
    conversation: &mut Conversation<'_>,
    companion: &mut Companion,
    mut references: Vec<String>,
    timing: &Timing,
    on: &mut impl FnMut(Event<'_>),
) -> Result<OwnedNodeRef, LinkError> {
    let mut shown = 0;
    let mut until = Instant::now() + timing.first_qr;
    loop {
        let reference = references.get(shown).ok_or(LinkError::TimedOut)?;
        on(Event::Qr {
            text: &companion.qr_text(reference),
            valid_for: until.saturating_duration_since(Instant::now()),
            number: shown + 1,
            of: references.len(),
        });
        match answered(conversation, until).await? {
            Answer::Nothing => {
                shown += 1;
                until = Instant::now() + timing.next_qr;
            }
            Answer::Success(success) => return Ok(success),
            Answer::References(new) => {
                references = new;
                shown = 0;
                until = Instant::now() + timing.first_qr;
            }
            // The same reference for the time it had left: only the secret beside it is new.
            Answer::SecretRetired => {
                companion.renew_secret();
                on(Event::Refreshed);
            }
        }
    }
}

enum Answer {
    Nothing,
    Success(OwnedNodeRef),
    References(Vec<String>),
    SecretRetired,
}

async fn answered(
    conversation: &mut Conversation<'_>,
    until: Instant,
) -> Result<Answer, LinkError> {
    while let Some(stanza) = conversation.next(until).await? {
        match Prompt::read(&stanza) {
            Prompt::Success => return Ok(Answer::Success(stanza)),
            Prompt::SecretRetired => return Ok(Answer::SecretRetired),
            Prompt::Passkey => return Err(LinkError::PasskeyDemanded),
            Prompt::References(references) => return Ok(Answer::References(references)),
            Prompt::Entered(_) | Prompt::CodeExpired { .. } | Prompt::Other => {}
        }
    }
    Ok(Answer::Nothing)
}
