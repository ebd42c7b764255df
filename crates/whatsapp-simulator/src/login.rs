//! From a finished handshake to a session, or to a client that waits for a phone.

use std::sync::Arc;

use waproto::buffa::{DecodeError, Message};
use waproto::whatsapp::ClientPayload;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use crate::handshake::Established;
use crate::moment::Moment;
use crate::pairing::Registering;
use crate::pairing_record::Pairing;
use crate::pairing_stanzas::pairing_notification;
use crate::record::Login;
use crate::registration::Registration;
use crate::session::{Rest, Session};
use crate::socket::{Closed, Socket};
use crate::stanza::{edge_routing, failure, success};
use crate::state::Shared;

const LOGGED_OUT: u16 = 401;
const BAD_REGISTRATION: u16 = 400;

/// What a login payload claims.
struct Claim {
    device: String,
    passive: bool,
    version: String,
    /// What a client that is no device yet has in place of a name.
    registration: Option<DevicePairingRegistrationData>,
}

/// A client that was let in.
pub(crate) enum Admitted {
    /// As the device that it says it is.
    Device(Box<Session>),
    /// As one that wants to become a device.
    Registering(Box<Registering>),
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
        Ok(Self {
            registration: match payload.username {
                Some(_) => None,
                None => payload.device_pairing_data.into_option(),
            },
            device,
            passive: payload.passive.unwrap_or(false),
            version,
        })
    }
}

/// Logs a client in, or tells it why not and ends the stream.
pub(crate) async fn log_in(
    shared: Arc<Shared>,
    socket: Socket,
    established: Established,
    connection: u64,
) -> Result<Admitted, Closed> {
    let claim = Claim::decode(&established.payload).map_err(|_| Closed)?;
    if claim.registration.is_some() {
        return register(shared, socket, established, connection, claim).await;
    }
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
        Session::new(shared, socket, established.cipher, connection, claim.device, !claim.passive);
    let mut unanswered = false;
    let mut tells_lid = true;
    let mut dropped = false;
    if let Some(reaction) = fault {
        match session.misbehave(reaction).await? {
            Rest::Nothing => {}
            Rest::SilenceAfterApply => unanswered = true,
            Rest::DropAfterApply => dropped = true,
            Rest::SuccessWithoutLid => tells_lid = false,
            Rest::PairSuccess(_) | Rest::Notification(_) => return session.drop_connection(),
        }
    }

    let known = session.identify(&established.client_static);
    let Some(lid) = known else {
        return session.end_with(failure(LOGGED_OUT, None)).await;
    };
    session.take_over().await;
    if dropped {
        return session.drop_connection();
    }
    if unanswered {
        return Ok(Admitted::Device(Box::new(session)));
    }
    session.accept(success(tells_lid.then_some(lid.as_str()))).await?;
    if session.has_published_keys() {
        session.send(edge_routing()).await?;
    }
    if session.is_active() {
        session.deliver_queue().await?;
    }
    Ok(Admitted::Device(Box::new(session)))
}

/// Lets a client that is no device wait to be linked, or tells it why not and ends the stream.
async fn register(
    shared: Arc<Shared>,
    socket: Socket,
    established: Established,
    connection: u64,
    claim: Claim,
) -> Result<Admitted, Closed> {
    let fault = shared.take_fault(Moment::Registration, None);
    let mut session =
        Session::new(shared, socket, established.cipher, connection, String::new(), false);
    let registration =
        claim.registration.and_then(|data| Registration::read(&established.client_static, data));
    let Some(registration) = registration else {
        // The code that the real server has for this is not public.
        return session.end_with(failure(BAD_REGISTRATION, None)).await;
    };
    session.shared.state().record.pairings.push(Pairing {
        connection,
        os: registration.os.clone(),
        platform: registration.platform.clone(),
        version: claim.version,
        ..Pairing::default()
    });
    let mut notification = None;
    if let Some(reaction) = fault {
        match session.misbehave(reaction).await? {
            Rest::Nothing => {}
            Rest::Notification(kind) => notification = Some(pairing_notification(kind)),
            Rest::DropAfterApply
            | Rest::SilenceAfterApply
            | Rest::SuccessWithoutLid
            | Rest::PairSuccess(_) => return session.drop_connection(),
        }
    }
    let registering = Registering::new(session, connection, registration, notification);
    Ok(Admitted::Registering(Box::new(registering)))
}
