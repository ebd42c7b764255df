//! From a finished handshake to a session.

use std::sync::Arc;

use waproto::buffa::{DecodeError, Message};
use waproto::whatsapp::ClientPayload;

use crate::handshake::Established;
use crate::link::{Closed, Link};
use crate::record::Login;
use crate::script::{Moment, Reaction};
use crate::session::Session;
use crate::stanza::{failure, stream_error, success, unrelated};
use crate::state::Shared;

const LOGGED_OUT: u16 = 401;

/// What a login payload claims.
struct Claim {
    device: String,
    passive: bool,
    version: String,
}

impl Claim {
    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let payload = ClientPayload::decode_from_slice(payload)?;
        let version = &payload.user_agent.app_version;
        let version = [version.primary, version.secondary, version.tertiary]
            .map(|part| part.unwrap_or(0).to_string())
            .join(".");
        let device = match (payload.username, payload.device) {
            (Some(user), Some(device)) if device > 0 => format!("{user}:{device}@s.whatsapp.net"),
            (Some(user), _) => format!("{user}@s.whatsapp.net"),
            (None, _) => String::new(),
        };
        Ok(Self { device, passive: payload.passive.unwrap_or(false), version })
    }
}

/// Logs a client in, or tells it why not and ends the stream.
pub(crate) async fn log_in(
    shared: Arc<Shared>,
    link: Link,
    established: Established,
    connection: u64,
) -> Result<Session, Closed> {
    let claim = Claim::decode(&established.payload).map_err(|_| Closed)?;
    shared.state().record.login_attempts.push(Login {
        device: claim.device.clone(),
        passive: claim.passive,
        version: claim.version,
        connection,
        handshake: established.kind,
        accepted: false,
    });
    let fault = shared.take_fault(Moment::Login, Some(&claim.device));
    let mut session =
        Session::new(shared, link, established.cipher, connection, claim.device, !claim.passive);
    let mut unanswered = false;
    let mut dropped = false;
    match fault {
        None => {}
        Some(Reaction::Hold(handle)) => session.hold(&handle).await,
        Some(Reaction::Noise) => {
            for stanza in unrelated() {
                session.send(stanza).await?;
            }
        }
        Some(Reaction::Failure { reason, expire }) => {
            return session.end_with(failure(reason, expire)).await;
        }
        Some(Reaction::StreamError(kind)) => return session.end_with(stream_error(kind)).await,
        Some(Reaction::RawFrame(plaintext)) => {
            session.send_plaintext(&plaintext).await?;
            return session.ignore_until_closed().await;
        }
        Some(Reaction::RawBytes(bytes)) => {
            session.send_bytes(bytes).await?;
            return session.ignore_until_closed().await;
        }
        Some(Reaction::Silence) => return session.ignore_until_closed().await,
        Some(Reaction::SilenceAfterApply) => unanswered = true,
        Some(Reaction::DropAfterApply) => dropped = true,
        Some(_) => return Err(Closed),
    }

    let known = session.identify(&established.client_static);
    let Some(lid) = known else {
        return session.end_with(failure(LOGGED_OUT, None)).await;
    };
    session.take_over().await;
    if dropped {
        session.abort();
        return Err(Closed);
    }
    if unanswered {
        return Ok(session);
    }
    session.accept(success(&lid)).await?;
    if session.is_active() {
        session.deliver_queue().await?;
    }
    Ok(session)
}
