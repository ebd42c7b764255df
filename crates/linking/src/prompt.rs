//! What WhatsApp says to a device that is being linked.

use wacore_binary::{NodeRef, OwnedNodeRef};
use zeroize::Zeroizing;

use crate::conversation::text;

/// One stanza, read.
pub(crate) enum Prompt {
    /// `<pair-device>`: references to show, one after the other.
    References(Vec<String>),
    /// `<pair-success>`: the phone has taken the device.
    Success,
    /// `link_code_companion_reg`, `primary_hello`: the code was entered.
    Entered(PrimaryHello),
    /// `link_code_companion_reg`, `refresh_code`: the code is no longer good.
    CodeExpired { reference: Option<Vec<u8>> },
    /// `companion_reg_refresh`: the ADV secret is retired.
    SecretRetired,
    /// `passkey_prologue_request`, `crsc_continuation`: a passkey is demanded.
    Passkey,
    /// Something that asks nothing of the linking.
    Other,
}

/// The phone's half of a pairing code.
pub(crate) struct PrimaryHello {
    pub(crate) reference: Vec<u8>,
    /// The phone's ephemeral key under the code: salt, IV, ciphertext; 80 bytes.
    pub(crate) wrapped_ephemeral: Zeroizing<Vec<u8>>,
    pub(crate) identity: [u8; 32],
}

impl Prompt {
    pub(crate) fn read(stanza: &OwnedNodeRef) -> Self {
        match (stanza.tag(), text(stanza, "type").as_deref()) {
            ("iq", Some("set")) => Self::of_iq(stanza),
            ("notification", Some("companion_reg_refresh")) => Self::SecretRetired,
            ("notification", Some("passkey_prologue_request" | "crsc_continuation")) => {
                Self::Passkey
            }
            ("notification", Some("link_code_companion_reg")) => {
                stanza.get_optional_child("link_code_companion_reg").map_or(Self::Other, Self::code)
            }
            _ => Self::Other,
        }
    }

    fn of_iq(iq: &OwnedNodeRef) -> Self {
        if let Some(device) = iq.get_optional_child("pair-device") {
            let references = device
                .get_children_by_tag("ref")
                .filter_map(NodeRef::content_as_string)
                .map(|reference| reference.to_string())
                .collect();
            return Self::References(references);
        }
        match iq.get_optional_child("pair-success") {
            Some(_) => Self::Success,
            None => Self::Other,
        }
    }

    fn code(registration: &NodeRef<'_>) -> Self {
        let bytes = |name: &str| {
            registration
                .get_optional_child(name)
                .and_then(NodeRef::content_bytes)
                .map(<[u8]>::to_vec)
        };
        let stage = registration.get_attr("stage").map(|stage| stage.as_str().into_owned());
        match stage.as_deref() {
            Some("refresh_code") => Self::CodeExpired { reference: bytes("link_code_pairing_ref") },
            Some("primary_hello") => {
                let identity = bytes("primary_identity_pub").and_then(|key| key.try_into().ok());
                let parts = (
                    bytes("link_code_pairing_ref"),
                    bytes("link_code_pairing_wrapped_primary_ephemeral_pub"),
                    identity,
                );
                match parts {
                    (Some(reference), Some(wrapped), Some(identity)) => {
                        let wrapped_ephemeral = Zeroizing::new(wrapped);
                        Self::Entered(PrimaryHello { reference, wrapped_ephemeral, identity })
                    }
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}
