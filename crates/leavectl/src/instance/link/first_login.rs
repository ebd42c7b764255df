//! The first login of a device that is stored, under its instance's lease.

use std::time::Duration;

use domain::clock::Budget;
use domain::gone::Gone;
use domain::lease::LEASE;
use domain::proxy::Proxy;
use domain::tenant::InstanceId;
use linking::{Event, Paired, Timing};
use operation::visit::Visit;
use operator::{Operator, OperatorError};
use store::session::Held;
use whatsapp::Dialer;

use crate::failure::Failure;
use crate::instance::kept_proxy;
use crate::output;

/// How long a run that uses the instance is waited for: no lease lasts longer.
pub(super) const WAIT: Duration = LEASE.longest().saturating_add(LEASE.skew);
/// Longest read of the client version.
const VERSION: Duration = Duration::from_secs(25);

/// Why a first login did not come to its end.
pub(super) enum Why {
    /// WhatsApp, or the way to it.
    Login(linking::Unfinished),
    /// The table, or another run that holds the instance.
    Operator(OperatorError),
}

/// The first login, under the lease: a leave must not open a second socket. A run that
/// has the lease is waited for. Returns why it did not come to its end, if it did not.
pub(super) async fn finish(
    operator: &Operator,
    id: &InstanceId,
    paired: &Paired,
    show: impl Fn(&Event<'_>) -> Result<(), Failure>,
) -> Result<Option<Why>, Failure> {
    let device = &paired.credentials.device;
    let mut told = Ok(());
    let mut unfinished = None;
    let mut is_done = false;
    let finishing = async |visit: &mut Visit<'_>, held: &Held| {
        if held.session().device_text() != Some(device.to_string().as_str()) {
            return Err(OperatorError::Changed(id.clone()));
        }
        // Through the proxy that it was stored with, which may be another by now.
        let proxy = kept_proxy(operator, id).await.unwrap_or_default();
        let dialer = dialer(operator, proxy.as_ref()).await;
        let timing = Timing { finish: visit.budget().remaining(), ..Timing::default() };
        let clock = operator.engine().clock.as_ref();
        let shown = |event: Event<'_>| {
            let shown = show(&event);
            if told.is_ok() {
                told = shown;
            }
        };
        match paired.finish(&dialer, clock, &timing, || held.is_held(), shown).await {
            Ok(()) => {
                visit.was_online();
                is_done = true;
            }
            Err(linking::Unfinished::LoggedOut) => {
                visit.is_gone(Gone::Unlinked);
                unfinished = Some(linking::Unfinished::LoggedOut);
            }
            Err(
                other @ (linking::Unfinished::Connection(_)
                | linking::Unfinished::Refused { .. }
                | linking::Unfinished::KeysDiffer),
            ) => unfinished = Some(other),
        }
        Ok(())
    };
    let visited = operator.visit_held(id, WAIT, finishing).await;
    told?;
    if let Some(unfinished) = unfinished {
        return Ok(Some(Why::Login(unfinished)));
    }
    match visited {
        Ok(()) => {}
        // The lease that was not given back ends by itself.
        Err(error) if is_done => output::note(&format!("The lease is not given back: {error}")),
        Err(error) => return Ok(Some(Why::Operator(error))),
    }
    if let Err(error) = operator.end_first_login(id, device).await {
        output::note(&format!("That it has come to its end is not noted: {error}"));
    }
    Ok(None)
}

/// The way to WhatsApp, with the client version that is set.
pub(super) async fn dialer(operator: &Operator, proxy: Option<&Proxy>) -> Dialer {
    let service = operator.engine();
    let version = service.versions.current(Budget::of(VERSION)).await;
    service.dialer.through(proxy).showing(version)
}
