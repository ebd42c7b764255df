//! The first login of a device that is stored, under its instance's lease.

use std::time::Duration;

use domain::clock::Budget;
use domain::gone::Gone;
use domain::proxy::Proxy;
use domain::tenant::InstanceId;
use linking::{Paired, Timing};
use operator::{Operator, OperatorError};
use store::session::SessionEnd;
use whatsapp::Dialer;

use super::Link;
use crate::failure::Failure;
use crate::instance::kept_proxy;
use crate::output;

/// How long a run that uses the instance is waited for: no lease lasts longer.
pub(super) const WAIT: Duration = Duration::from_secs(35);
/// Kept back of the lease for settling.
const SETTLING: Duration = Duration::from_millis(1_500);
/// Longest read of the client version.
const VERSION: Duration = Duration::from_secs(25);

/// Why a first login did not come to its end.
pub(super) enum Why {
    /// WhatsApp, or the way to it.
    Login(linking::Unfinished),
    /// The table, or another run that holds the instance.
    Operator(OperatorError),
}

impl Link {
    /// The first login, under the lease: a leave must not open a second socket. A run that
    /// has the lease is waited for. Returns why it did not come to its end, if it did not.
    pub(super) async fn finish(
        &self,
        operator: &Operator,
        id: &InstanceId,
        paired: &Paired,
    ) -> Result<Option<Why>, Failure> {
        let device = &paired.credentials.device;
        let held = match operator.hold(id, Some(WAIT)).await {
            Ok(held) => held,
            Err(error) => return Ok(Some(Why::Operator(error))),
        };
        if held.session().device_text() != Some(device.to_string().as_str()) {
            let _ = held.settle(SessionEnd::Unchanged, Budget::of(SETTLING)).await;
            return Ok(Some(Why::Operator(OperatorError::Changed(id.clone()))));
        }
        let work = held.budget().keeping(SETTLING);
        // Through the proxy that it was stored with, which may be another by now.
        let proxy = kept_proxy(operator, id).await.unwrap_or_default();
        let dialer = dialer(operator, proxy.as_ref()).await;
        let timing = Timing { finish: work.remaining(), ..Timing::default() };
        let clock = operator.engine().clock.as_ref();
        let mut told = Ok(());
        let finishing = paired.finish(
            &dialer,
            clock,
            &timing,
            || held.is_held(),
            |event| {
                let shown = self.show(&event);
                if told.is_ok() {
                    told = shown;
                }
            },
        );
        let unfinished = finishing.await.err();
        let session = match &unfinished {
            None => SessionEnd::Online,
            Some(linking::Unfinished::LoggedOut) => SessionEnd::LoggedOut(Gone::Unlinked),
            Some(_) => SessionEnd::Unchanged,
        };
        // What is not settled ends with the lease.
        let rest = held.budget();
        if let Err(error) = held.settle(session, rest).await {
            output::note(&format!("The lease is not released ({error}); it ends by itself."));
        }
        told?;
        if unfinished.is_none()
            && let Err(error) = operator.end_first_login(id, device).await
        {
            output::note(&format!("That it has come to its end is not noted: {error}"));
        }
        Ok(unfinished.map(Why::Login))
    }
}

/// The way to WhatsApp, with the client version that is set.
pub(super) async fn dialer(operator: &Operator, proxy: Option<&Proxy>) -> Dialer {
    let service = operator.engine();
    let version = service.versions.current(Budget::of(VERSION)).await;
    service.dialer.through(proxy).showing(version)
}
