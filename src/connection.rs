//! From a lease to an open connection, and what a failure on the way says about
//! the session.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{Budget, UnixMillis};
use crate::credentials::Credentials;
use crate::problem::Problem;
use crate::seal::SealError;
use crate::service::Service;
use crate::session::{BlockReason, Leased, SessionEnd};
use crate::trace::{Reason, Step, Trace};
use crate::whatsapp::{Abandoned, Failure, LoginFailure, Online};

/// How long WhatsApp is left alone when it throttles without saying for how long.
const THROTTLED: Duration = Duration::from_mins(1);
/// How long the closing handshake is waited for.
pub const CLOSING: Duration = Duration::from_millis(500);

/// The session's credentials, opened.
///
/// # Errors
/// 503 when a key cannot be had now, 500 when they do not open.
pub async fn credentials(
    service: &Service,
    leased: &Leased,
    budget: Budget,
) -> Result<Credentials, Problem> {
    let opened = service.keyring.open(leased.sealed(), leased.instance(), budget).await;
    let opened = opened.map_err(|error| {
        tracing::error!(instance = %leased.instance(), %error, "credentials cannot be opened");
        match error {
            SealError::Store(error) => Problem::from(&error),
            SealError::KeyService(_) => Problem::Unavailable,
            SealError::UnknownKey | SealError::DoesNotOpen | SealError::NotSealed => {
                Problem::Internal
            }
        }
    })?;
    Credentials::from_bytes(&opened).map_err(|error| {
        tracing::error!(instance = %leased.instance(), %error, "credentials cannot be read");
        Problem::Internal
    })
}

/// Connects and logs in.
///
/// # Errors
/// [`Abandoned`].
pub async fn connect(
    service: &Service,
    leased: &Leased,
    credentials: &Credentials,
    budget: Budget,
    trace: &mut Trace,
) -> Result<Online, Abandoned> {
    let began = Instant::now();
    let dialer = service.dialer.through(credentials.proxy.as_ref());
    let (greeted, version) =
        tokio::join!(dialer.greet(budget, service.clock.now()), service.versions.current(budget));
    trace.spent(Step::Connect, began);
    let online = match greeted {
        Ok(greeted) => {
            // The WebSocket's upgrade and the hello, and now the login.
            trace.round_trips += 3;
            let began = Instant::now();
            let online =
                greeted.showing(version).login(credentials, budget, || leased.is_held()).await;
            trace.spent(Step::Login, began);
            online
        }
        Err(failure) => Err(failure.into()),
    };
    if let Err(error) = &online {
        saw(leased, error, trace);
        if trace.failure == Some(Reason::VersionRefused) {
            service.versions.refused();
        }
    }
    online
}

fn saw(leased: &Leased, error: &Abandoned, trace: &mut Trace) {
    let instance = leased.instance();
    match error {
        Abandoned::Failed(failure) => {
            trace.failed(failure);
            if trace.failure == Some(Reason::VersionRefused) {
                tracing::error!(
                    %instance,
                    "WhatsApp refuses this client version: `leavectl version refresh` sets a newer one"
                );
            } else {
                tracing::warn!(%instance, %failure, "not online");
            }
        }
        Abandoned::LeaseExpired => tracing::warn!(%instance, "the lease ran out before the login"),
    }
}

impl Trace {
    /// Notes why WhatsApp failed.
    pub fn failed(&mut self, failure: &Failure) {
        self.failure = Some(failure.reason());
        self.whatsapp_code = failure.code().or(self.whatsapp_code);
    }
}

/// What a failure before anything was sent is to the caller.
pub fn problem(failure: &Failure) -> Problem {
    match failure {
        Failure::Login(LoginFailure::Banned(left)) => Problem::Banned { retry_after: *left },
        Failure::Iq { code: 429, backoff } => {
            Problem::Throttled { retry_after: backoff.unwrap_or(THROTTLED) }
        }
        Failure::Spent(cause) => problem(cause),
        failure if failure.is_logged_out() => Problem::NotConnected,
        Failure::Login(_)
        | Failure::Iq { .. }
        | Failure::Connect(_)
        | Failure::Timeout(_)
        | Failure::Closed
        | Failure::Protocol(_)
        | Failure::Certificate(_)
        | Failure::Stream(_) => Problem::WhatsAppUnavailable,
    }
}

/// What a failure says about the session, so that the next run need not dial.
pub fn session_end(failure: &Failure, now: UnixMillis) -> SessionEnd {
    match failure {
        Failure::Login(LoginFailure::Banned(left)) => {
            SessionEnd::Blocked { reason: BlockReason::Banned, until: now.plus(*left) }
        }
        Failure::Iq { code: 429, backoff } => SessionEnd::Blocked {
            reason: BlockReason::Throttled,
            until: now.plus(backoff.unwrap_or(THROTTLED)),
        },
        Failure::Spent(cause) => session_end(cause, now),
        failure if failure.is_logged_out() => SessionEnd::LoggedOut,
        _ => SessionEnd::Unchanged,
    }
}
