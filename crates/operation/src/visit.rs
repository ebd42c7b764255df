//! One visit of a session: lease, connection, work, close, settle. The one way to any of
//! them.
//!
//! ```text
//! visit, hold           the lease; what is done under it is a closure
//!   Visit::online       the connection; what is asked on it is a closure, and then it is closed
//! Visited::settle       what became of it, written; the lease is given back
//! ```
//!
//! Between the lease and its settling nothing returns early: whatever the work comes to is
//! a value, a panic in it is caught, and time for settling is kept back. What WhatsApp says
//! about the session on the way is remembered, and recorded with the settling.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::broken;
use domain::clock::Budget;
use domain::credentials::Credentials;
use domain::gone::Gone;
use domain::group::GroupJid;
use domain::lease::LEASE;
use domain::tenant::InstanceId;
use domain::trace::{Reason, Step, Trace};
use futures_util::FutureExt;
use store::session::{
    AcquireError, Held, Leased, Said, SessionEnd, SettleError, Settled, Settlement,
};
use tokio::time::Instant;
use whatsapp::{Abandoned, Failure, Online};

use crate::connection::{connect, session_end};
use crate::credentials::{Unopened, open};
use crate::engine::Engine;

/// A session under our lease, and the time for work on it.
pub struct Visit<'a> {
    engine: &'a Engine,
    leased: &'a Leased,
    budget: Budget,
    trace: &'a mut Trace,
    said: Said,
}

/// A visit whose work is over, and whose lease is to be given back.
#[must_use = "the lease is given back by settling"]
pub struct Visited<T> {
    leased: Leased,
    budget: Budget,
    /// What the work came to; `None` when it panicked.
    pub done: Option<T>,
    /// What WhatsApp said.
    pub said: Said,
}

/// Does `work` under the lease of `instance`, with an intent for each of `jids`.
///
/// # Errors
/// [`AcquireError`] when there is no lease; then nothing was done.
#[expect(clippy::disallowed_methods, reason = "the one place that takes this lease")]
pub async fn visit<T>(
    engine: &Engine,
    instance: &InstanceId,
    jids: &[GroupJid],
    budget: Budget,
    trace: &mut Trace,
    work: impl AsyncFnOnce(&mut Visit<'_>) -> T,
) -> Result<Visited<T>, AcquireError> {
    let began = Instant::now();
    let acquired = engine.sessions.acquire(instance, jids, budget).await;
    trace.spent(Step::Lease, began);
    trace.lease_waits += match &acquired {
        Ok(leased) => leased.waits(),
        Err(error) => error.waits(),
    };
    let leased = acquired?;
    let mut visit = Visit::of(engine, &leased, budget, trace);
    let done = caught(instance, work(&mut visit)).await;
    let said = visit.said;
    Ok(Visited { leased, budget, done, said })
}

/// Does `work` under the lease of `instance` whatever its state is: for whoever replaces
/// its device. A busy session is waited for as long as `wait`.
///
/// # Errors
/// [`AcquireError`] when there is no lease; then nothing was done.
pub async fn hold<T>(
    engine: &Engine,
    instance: &InstanceId,
    wait: Duration,
    budget: Budget,
    trace: &mut Trace,
    work: impl AsyncFnOnce(&mut Visit<'_>, &Held) -> T,
) -> Result<Visited<T>, AcquireError> {
    #[expect(clippy::disallowed_methods, reason = "what is dialled under it ends in it")]
    let held = held(engine, instance, wait, budget).await?;
    let mut visit = Visit::of(engine, held.leased(), budget, trace);
    let done = caught(instance, work(&mut visit, &held)).await;
    let said = visit.said;
    Ok(Visited { leased: held.into_leased(), budget, done, said })
}

/// The lease of `instance` whatever its state is, for a transaction of the holder's own
/// that releases it. Nothing may be dialled under it: that is [`hold`]'s.
///
/// # Errors
/// [`AcquireError`].
#[expect(clippy::disallowed_methods, reason = "the one place that takes this lease")]
pub async fn held(
    engine: &Engine,
    instance: &InstanceId,
    wait: Duration,
    budget: Budget,
) -> Result<Held, AcquireError> {
    engine.sessions.hold(instance, wait, budget).await
}

/// Boxed: the layout of a run costs its callers more than an allocation costs a run.
async fn caught<T>(instance: &InstanceId, work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(Box::pin(work)).catch_unwind().await;
    done.inspect_err(|_| tracing::error!(%instance, "panicked under the lease")).ok()
}

impl<'a> Visit<'a> {
    fn of(engine: &'a Engine, leased: &'a Leased, budget: Budget, trace: &'a mut Trace) -> Self {
        let budget = budget.at_most(leased.left()).keeping(LEASE.settling);
        Self { engine, leased, budget, trace, said: Said::default() }
    }

    /// What every run stands on.
    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    /// The lease.
    pub fn leased(&self) -> &'a Leased {
        self.leased
    }

    /// The time for the work, without what settling needs.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// The device got in, on a connection that this visit did not make.
    pub fn was_online(&mut self) {
        self.said.session = SessionEnd::Online;
    }

    /// No login of the device can succeed again: by our own act, or as was said on a
    /// connection that this visit did not make.
    pub fn is_gone(&mut self, gone: Gone) {
        self.said.session = SessionEnd::LoggedOut(gone);
    }

    /// What was said is not about this session: it was asked with another device.
    pub fn forget(&mut self) {
        self.said = Said::default();
    }

    /// What WhatsApp has said so far.
    pub fn said(&self) -> &Said {
        &self.said
    }

    /// What happened on the way.
    pub fn trace(&mut self) -> &mut Trace {
        self.trace
    }

    /// The session's credentials, opened.
    ///
    /// # Errors
    /// [`Unopened`].
    pub async fn credentials(&self, budget: Budget) -> Result<Credentials, Unopened> {
        open(self.engine, self.leased, budget).await
    }

    /// Remembers what a failure says about the session. Returns what it says.
    pub fn saw(&mut self, failure: &Failure) -> SessionEnd {
        let end = session_end(failure, self.engine.clock.now());
        match end {
            SessionEnd::Unchanged | SessionEnd::Online => {}
            SessionEnd::LoggedOut(_) | SessionEnd::Blocked { .. } => self.said.session = end,
        }
        end
    }

    /// Connects with `credentials` and does `work` on the connection, which is closed
    /// before this returns: two sockets of one session never stand. What is asked
    /// `beside` the login costs no time of its own.
    ///
    /// # Errors
    /// [`Abandoned`] when no connection was had; what that says about the session is
    /// remembered.
    pub async fn online<B, T>(
        &mut self,
        credentials: &Credentials,
        budget: Budget,
        beside: impl Future<Output = B>,
        work: impl AsyncFnOnce(&mut Visit<'_>, &mut Online, B) -> T,
    ) -> Result<T, Abandoned> {
        // Boxed, so that there is one copy of it for all kinds of work.
        let connecting = Box::pin(self.connect(credentials, budget));
        let (beside, online) = tokio::join!(beside, connecting);
        let mut online = online?;
        let done = work(self, &mut online, beside).await;
        self.trace.round_trips += online.iqs();
        online.close(self.budget).await;
        Ok(done)
    }

    async fn connect(
        &mut self,
        credentials: &Credentials,
        budget: Budget,
    ) -> Result<Online, Abandoned> {
        let (engine, leased) = (self.engine, self.leased);
        let is_ours = || leased.is_held() || broken!(LeaseBeforeLogin);
        let connecting = connect(engine, credentials, budget, self.trace, is_ours);
        match connecting.await {
            Ok(online) => {
                self.said.session = SessionEnd::Online;
                self.said.lid = online.lid().map(str::to_owned);
                Ok(online)
            }
            Err(abandoned) => {
                self.lost(&abandoned);
                Err(abandoned)
            }
        }
    }

    fn lost(&mut self, abandoned: &Abandoned) {
        let instance = self.leased.instance();
        match abandoned {
            Abandoned::LeaseExpired => {
                tracing::warn!(%instance, "the lease ran out before the login");
            }
            Abandoned::Failed(failure) => {
                self.saw(failure);
                if failure.reason() == Reason::VersionRefused {
                    tracing::error!(
                        %instance,
                        "WhatsApp refuses this client version: `leavectl version refresh` sets a newer one"
                    );
                } else {
                    tracing::warn!(%instance, %failure, "not online");
                }
            }
        }
    }
}

impl<T> Visited<T> {
    /// The instance.
    pub fn instance(&self) -> &InstanceId {
        self.leased.instance()
    }

    /// Writes what became of the visit, and gives the lease back. `settlement` has what
    /// the work itself came to; what WhatsApp said is added.
    ///
    /// # Errors
    /// [`SettleError`]. The lease then ends by itself, and what was not settled is learned
    /// by the next run.
    pub async fn settle(self, settlement: Settlement<'_>) -> Result<Settled, SettleError> {
        self.leased.settle(&self.said, &settlement, self.budget).await
    }
}
