//! From a lease to an open connection, and what a failure on the way says about
//! the session.

use domain::block::BlockReason;
use domain::clock::{Budget, UnixMillis};
use domain::credentials::Credentials;
use domain::problem::Problem;
use domain::trace::{Reason, Step, Trace};
use store::seal::SealError;
use store::session::{Leased, SessionEnd};
use tokio::time::Instant;
use whatsapp::{Abandoned, Failure, Online};

use crate::engine::Engine;

/// The session's credentials, opened.
///
/// # Errors
/// 503 when a key cannot be had now, 500 when they do not open.
pub async fn credentials(
    engine: &Engine,
    leased: &Leased,
    budget: Budget,
) -> Result<Credentials, Problem> {
    let opened = engine.keyring.open(leased.sealed(), leased.instance(), budget).await;
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
    let mut credentials = Credentials::from_bytes(&opened).map_err(|error| {
        tracing::error!(instance = %leased.instance(), %error, "credentials cannot be read");
        Problem::Internal
    })?;
    // Imported without one, and told by WhatsApp at an earlier login.
    credentials.lid = credentials.lid.or_else(|| leased.device_lid().map(str::to_owned));
    Ok(credentials)
}

/// Connects and logs in.
///
/// # Errors
/// [`Abandoned`].
pub async fn connect(
    engine: &Engine,
    leased: &Leased,
    credentials: &Credentials,
    budget: Budget,
    trace: &mut Trace,
) -> Result<Online, Abandoned> {
    let began = Instant::now();
    let dialer = engine.dialer.through(credentials.proxy.as_ref());
    let (greeted, version) =
        tokio::join!(dialer.greet(budget, engine.clock.now()), engine.versions.current(budget));
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
            engine.versions.refused();
        }
    }
    online
}

fn saw(leased: &Leased, error: &Abandoned, trace: &mut Trace) {
    let instance = leased.instance();
    match error {
        Abandoned::Failed(failure) => {
            trace.failed(failure.reason(), failure.code());
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

/// What a failure before anything was sent is to the caller, wherever it arrived:
/// as `<failure>`, as a stream error, or as a refused question.
pub fn problem(failure: &Failure, now: UnixMillis) -> Problem {
    match end(failure, now) {
        SessionEnd::LoggedOut(_) => Problem::NotConnected,
        SessionEnd::Blocked { reason: BlockReason::Banned, until } => {
            Problem::Banned { retry_after: until.since(now) }
        }
        SessionEnd::Blocked { reason: BlockReason::Throttled, until } => {
            Problem::Throttled { retry_after: until.since(now) }
        }
        SessionEnd::Unchanged | SessionEnd::Online => Problem::WhatsAppUnavailable,
    }
}

/// What a failure says about the session, so that the next run need not dial. The
/// same wherever it arrived.
pub fn session_end(failure: &Failure, now: UnixMillis) -> SessionEnd {
    let end = end(failure, now);
    if let SessionEnd::Blocked { until, .. } = end {
        // With the value as it came: what is obeyed may be less.
        let obeyed_seconds = until.since(now).as_secs();
        tracing::warn!(%failure, obeyed_seconds, "WhatsApp does not listen for a while");
    }
    end
}

fn end(failure: &Failure, now: UnixMillis) -> SessionEnd {
    if let Some(gone) = failure.gone() {
        SessionEnd::LoggedOut(gone)
    } else if let Some(expire) = failure.banned() {
        SessionEnd::Blocked { reason: BlockReason::Banned, until: now.plus(expire.ban(now)) }
    } else if let Some(backoff) = failure.throttled() {
        let until = now.plus(backoff.throttle(now));
        SessionEnd::Blocked { reason: BlockReason::Throttled, until }
    } else {
        SessionEnd::Unchanged
    }
}
