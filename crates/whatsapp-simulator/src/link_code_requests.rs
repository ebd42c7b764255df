//! What a companion sends to be linked by a code.

use wacore_binary::Node;

use crate::link_code::{CompanionFinish, CompanionHello};
use crate::pairing_record::CodeRequest;
use crate::stanza::{bytes, text};

/// Salt, initialisation vector and the sealed key.
const WRAPPED_LENGTH: usize = 32 + 16 + 32;

/// `'0'` (unknown) is refused: wacore 0.7.0 `src/companion_reg.rs`.
const PLATFORM_IDS: &str = "123456789def";

const BROWSERS: [&str; 6] = ["Chrome", "Edge", "Firefox", "IE", "Opera", "Safari"];

/// Systems by the names of real ones; the real server knows more, and refuses what is no system.
const SYSTEMS: [&str; 12] = [
    "Windows",
    "Mac",
    "Linux",
    "Android",
    "iOS",
    "Ubuntu",
    "Debian",
    "Fedora",
    "Chrome OS",
    "Chromium OS",
    "Arch",
    "CrOS",
];

/// Reads `companion_hello`, still without a ref. Nothing when the server refuses it
/// (`bad-request`): a part is missing, the key is another one than the connection's, or the
/// display name is not `Browser (System)`.
pub(crate) fn read_hello(
    iq: &Node,
    noise_public_key: &[u8; 32],
) -> Option<(CompanionHello, CodeRequest)> {
    let registration = iq.get_optional_child("link_code_companion_reg")?;
    let content = |tag| bytes(registration.get_optional_child(tag)?);
    let phone = text(registration, "jid")?.strip_suffix("@s.whatsapp.net")?.to_owned();
    let wrapped = content("link_code_pairing_wrapped_companion_ephemeral_pub")?;
    let platform_id = String::from_utf8(content("companion_platform_id")?.to_vec()).ok()?;
    let display = String::from_utf8(content("companion_platform_display")?.to_vec()).ok()?;
    content("link_code_pairing_nonce")?;
    let sound = wrapped.len() == WRAPPED_LENGTH
        && content("companion_server_auth_key_pub")? == noise_public_key
        && !phone.is_empty()
        && phone.bytes().all(|digit| digit.is_ascii_digit())
        && platform_id.len() == 1
        && PLATFORM_IDS.contains(&platform_id)
        && is_display(&display);
    sound.then(|| {
        let hello = CompanionHello {
            phone: phone.clone(),
            wrapped_ephemeral: wrapped.to_vec(),
            pairing_ref: Vec::new(),
        };
        (hello, CodeRequest { phone, platform_id, platform_display: display })
    })
}

fn is_display(display: &str) -> bool {
    let Some((browser, system)) =
        display.strip_suffix(')').and_then(|display| display.split_once(" ("))
    else {
        return false;
    };
    BROWSERS.contains(&browser) && SYSTEMS.iter().any(|known| system.starts_with(known))
}

/// Reads `companion_finish` for a ref.
pub(crate) fn read_finish(iq: &Node, pairing_ref: &[u8]) -> Option<CompanionFinish> {
    let registration = iq.get_optional_child("link_code_companion_reg")?;
    let content = |tag| bytes(registration.get_optional_child(tag)?);
    let same = content("link_code_pairing_ref")? == pairing_ref;
    let finish = CompanionFinish {
        wrapped_bundle: content("link_code_pairing_wrapped_key_bundle")?.to_vec(),
        identity: content("companion_identity_public")?.try_into().ok()?,
    };
    same.then_some(finish)
}
