//! The words that errors have in common: how long, why, and what to do next.

use std::time::Duration;

use domain::block::BlockReason;
use domain::gone::Gone;
use whatsapp::{Failure, LoginFailure};

pub(super) fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

pub(super) fn blocks(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::Banned => "bans",
        BlockReason::Throttled => "throttles",
    }
}

pub(super) fn why_gone(gone: Option<Gone>) -> &'static str {
    match gone {
        None => "it was never linked; link or import a device for it",
        Some(Gone::Unlinked) => "it was logged out; link or import a device for it",
        Some(Gone::Locked) => {
            "WhatsApp locked the account; look at the phone, which says why and where to appeal"
        }
        Some(Gone::Banned) => {
            "WhatsApp banned the number for good; linking again does not help, use another number"
        }
    }
}

pub(super) fn next_step(failure: &Failure) -> &'static str {
    match failure.gone() {
        Some(Gone::Unlinked) => return "Link the device again",
        Some(Gone::Locked) => {
            return "The account is locked: look at the phone, which says why and where to appeal";
        }
        Some(Gone::Banned) => {
            return "The number is banned for good: linking again does not help";
        }
        None => {}
    }
    match failure {
        Failure::Login(LoginFailure::VersionRefused(_)) => {
            "`leavectl version refresh` sets a newer one"
        }
        Failure::Login(LoginFailure::Banned { .. }) => "Wait until the ban ends",
        failure if failure.throttled().is_some() => "Wait: WhatsApp throttles this number",
        Failure::Certificate(_) => "Check WHATSAPP_URL and WHATSAPP_ROOT_KEY",
        failure if failure.is_proxys() => {
            "Check the proxy; `leavectl instance set-proxy` sets another"
        }
        Failure::Connect(_) => "Check the network and WHATSAPP_URL",
        _ => "Try again",
    }
}

/// Whether WhatsApp, or the way to it, can answer otherwise later.
pub(super) fn can_change(failure: &Failure) -> bool {
    failure.gone().is_none()
        && !matches!(
            failure,
            Failure::Login(LoginFailure::VersionRefused(_)) | Failure::Certificate(_)
        )
}

pub(super) fn no_token(wanted: Option<&str>) -> String {
    match wanted {
        Some(id) => format!("token {id}"),
        None => "such token (what was given is no id, and is not repeated here)".to_owned(),
    }
}
