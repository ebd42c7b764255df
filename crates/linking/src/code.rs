//! The phone's way by a code that is entered on it.
//!
//! `companion_hello` gives WhatsApp our ephemeral key under the code, `primary_hello` is the
//! phone's, and `companion_finish` hands over a key bundle from which the phone derives the ADV
//! secret that we derive too (WhatsApp Web: `WAWebAltDeviceLinkingApi`).

use rand::rngs::StdRng;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use wacore::libsignal::protocol::KeyPair;
use wacore::pair_code::PairCodeUtils;
use wacore_binary::OwnedNodeRef;
use whatsapp::Failure;
use zeroize::Zeroizing;

use crate::companion::Companion;
use crate::conversation::Conversation;
use crate::error::LinkError;
use crate::event::Event;
use crate::phone::PhoneNumber;
use crate::prompt::{PrimaryHello, Prompt};
use crate::timing::Timing;

/// Codes that are shown one after the other; more would look like guessing.
const CODES: usize = 3;

/// A code that can be entered.
struct Code {
    text: Zeroizing<String>,
    reference: Vec<u8>,
    ephemeral: KeyPair,
}

/// Shows codes until one was entered, and returns the `<pair-success>` that follows.
pub(crate) async fn entered(
    conversation: &mut Conversation<'_>,
    companion: &mut Companion,
    phone: &PhoneNumber,
    timing: &Timing,
    on: &mut impl FnMut(Event<'_>),
) -> Result<OwnedNodeRef, LinkError> {
    for number in 1..=CODES {
        let code = ask_for_code(conversation, companion, phone).await?;
        on(Event::Code { code: &code.text, valid_for: timing.code, number, of: CODES });
        let success = wait(conversation, companion, phone, &code, timing, on).await?;
        if let Some(success) = success {
            return Ok(success);
        }
    }
    Err(LinkError::TimedOut)
}

/// A code is good only once WhatsApp has given it a reference.
async fn ask_for_code(
    conversation: &mut Conversation<'_>,
    companion: &Companion,
    phone: &PhoneNumber,
) -> Result<Code, LinkError> {
    let text = Zeroizing::new(PairCodeUtils::generate_code());
    let ephemeral = KeyPair::generate(&mut rand::make_rng::<StdRng>());
    let public = public_key(&ephemeral)?;
    let key = text.clone();
    let wrapped = derived(move || PairCodeUtils::encrypt_ephemeral_pub(&public, &key)).await?;

    let id = conversation.new_id();
    let (platform, display) = companion.platform();
    let hello = PairCodeUtils::build_companion_hello_iq(
        phone.digits(),
        &public_key(&companion.device.noise_key)?,
        &wrapped,
        &platform,
        &display,
        true,
        id.clone(),
    );
    let answer = conversation.exchange(&hello, &id).await.map_err(refused)?;
    let reference = PairCodeUtils::parse_companion_hello_response(answer.get())
        .ok_or(LinkError::Lost(Failure::Protocol("companion_hello without reference")))?;
    Ok(Code { text, reference, ephemeral })
}

/// None when the code is no longer good.
async fn wait(
    conversation: &mut Conversation<'_>,
    companion: &mut Companion,
    phone: &PhoneNumber,
    code: &Code,
    timing: &Timing,
    on: &mut impl FnMut(Event<'_>),
) -> Result<Option<OwnedNodeRef>, LinkError> {
    let mut until = Instant::now() + timing.code;
    // The phone says hello again when its user mistyped the code and tries once more.
    let mut hellos = 0;
    while let Some(stanza) = conversation.next(until).await? {
        match Prompt::read(&stanza) {
            Prompt::Success => return Ok(Some(stanza)),
            Prompt::Passkey => return Err(LinkError::PasskeyDemanded),
            Prompt::CodeExpired { reference } => {
                if reference.is_none_or(|reference| reference == code.reference) {
                    return Ok(None);
                }
            }
            Prompt::Entered(hello) if hello.reference == code.reference => {
                hellos += 1;
                if hellos > PairCodeUtils::max_primary_hello_attempts() {
                    return Ok(None);
                }
                on(Event::Entered);
                if finish(conversation, companion, phone, code, hello).await? {
                    until = Instant::now() + timing.entered;
                }
            }
            // The secret that counts here is derived with the phone, and never the retired one.
            Prompt::SecretRetired | Prompt::References(_) | Prompt::Entered(_) | Prompt::Other => {}
        }
    }
    Ok(None)
}

/// Answers the phone's hello. False when there is no answer to it: under a mistyped code its key
/// is no key.
async fn finish(
    conversation: &mut Conversation<'_>,
    companion: &mut Companion,
    phone: &PhoneNumber,
    code: &Code,
    hello: PrimaryHello,
) -> Result<bool, LinkError> {
    let key = code.text.clone();
    let PrimaryHello { reference, wrapped_ephemeral, identity } = hello;
    let opened =
        derived(move || PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped_ephemeral, &key))
            .await?;
    let bundle = opened.and_then(|ephemeral| {
        PairCodeUtils::prepare_key_bundle(
            &code.ephemeral,
            &ephemeral,
            &identity,
            companion.identity(),
        )
    });
    let Ok((bundle, secret)) = bundle else { return Ok(false) };
    // Before the bundle is sent: its answer may be the phone's pairing.
    companion.adv_secret = Zeroizing::new(secret);

    let id = conversation.new_id();
    let identity = public_key(companion.identity())?;
    let finish = PairCodeUtils::build_companion_finish_iq(
        phone.digits(),
        bundle,
        &identity,
        &reference,
        id.clone(),
    );
    conversation.exchange(&finish, &id).await.map_err(refused)?;
    Ok(true)
}

/// PBKDF2 with 131,072 rounds is no work for the thread that answers pings.
async fn derived<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LinkError> {
    spawn_blocking(work).await.map_err(|_| LinkError::Malformed("no key from the code"))
}

fn public_key(pair: &KeyPair) -> Result<[u8; 32], LinkError> {
    pair.public_key
        .public_key_bytes()
        .try_into()
        .map_err(|_| LinkError::Malformed("a key of another length"))
}

/// WhatsApp also answers 400 when one number asked for too many codes.
fn refused(failure: Failure) -> LinkError {
    let Failure::Iq(refusal) = failure else { return failure.into() };
    match refusal.code() {
        code @ (400 | 429) => LinkError::CodeThrottled { code },
        code @ (403 | 452) => LinkError::CodeUnavailable { code },
        code => LinkError::CodeRefused { code },
    }
}
