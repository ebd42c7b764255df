//! A connection of one session, and what a failure on the way says about it.

use domain::block::BlockReason;
use domain::clock::{Budget, UnixMillis};
use domain::credentials::Credentials;
use domain::problem::Problem;
use domain::trace::{Reason, Step, Trace};
use store::session::SessionEnd;
use tokio::time::Instant;
use whatsapp::{Abandoned, Failure, Online};

use crate::engine::Engine;

/// Connects and logs in, through the session's proxy and with the version that counts.
/// `is_ours` is asked right before the login.
pub(crate) async fn connect(
    engine: &Engine,
    credentials: &Credentials,
    budget: Budget,
    trace: &mut Trace,
    is_ours: impl Fn() -> bool,
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
            let online = greeted.showing(version).login(credentials, budget, is_ours).await;
            trace.spent(Step::Login, began);
            online
        }
        Err(failure) => Err(failure.into()),
    };
    if let Err(Abandoned::Failed(failure)) = &online {
        trace.failed(failure.reason(), failure.code());
        if failure.reason() == Reason::VersionRefused {
            engine.versions.refused();
        }
    }
    online
}

/// Logs in with `credentials` that no session has, and hangs up.
///
/// # Errors
/// When it does not get in.
pub async fn try_login(
    engine: &Engine,
    credentials: &Credentials,
    budget: Budget,
) -> Result<(), Abandoned> {
    let online = connect(engine, credentials, budget, &mut Trace::default(), || true).await?;
    online.close(budget).await;
    Ok(())
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
pub(crate) fn session_end(failure: &Failure, now: UnixMillis) -> SessionEnd {
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
