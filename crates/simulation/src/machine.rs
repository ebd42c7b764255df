//! Machines: environments of the function, and an operator's. Each has a clock of its own,
//! and can crash or freeze at any await.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::tame;

/// A machine. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Machine(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    number: u64,
    skew: i64,
    /// Nothing befalls it.
    is_calm: bool,
    is_operators: bool,
    outage: Option<u32>,
    calls: u32,
    run: Seen,
}

/// What the world saw of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The machine that it was on.
    pub(crate) machine: u64,
    /// When it began, of time that no clock's move changes.
    pub(crate) began: u64,
    /// Its connections to WhatsApp.
    pub(crate) connections: Vec<u64>,
    /// Whether each of them went through the proxy.
    pub(crate) proxied: Vec<bool>,
    /// Whether a call or a connection of it met a fault that hides an outcome.
    pub(crate) is_disturbed: bool,
    /// The kinds of fault that it met.
    pub(crate) met: BTreeSet<&'static str>,
}

impl Machine {
    pub(crate) fn new(number: u64, skew: i64) -> Self {
        Self(Arc::new(Mutex::new(State { number, skew, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, and nothing befalls its calls and connections.
    pub(crate) fn calm(self) -> Self {
        self.state().is_calm = true;
        self
    }

    /// The same, as an operator's.
    pub(crate) fn operators(self) -> Self {
        self.state().is_operators = true;
        self
    }

    pub(crate) fn is_operators(&self) -> bool {
        self.state().is_operators
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.state().is_calm
    }

    pub(crate) fn number(&self) -> u64 {
        self.state().number
    }

    pub(crate) fn skew(&self) -> i64 {
        self.state().skew
    }

    /// A run begins, and the table answers with errors from this call of it on.
    pub(crate) fn begin(&self, outage: Option<u32>) {
        let mut state = self.state();
        (state.outage, state.calls) = (outage, 0);
        let began = tame::elapsed();
        state.run = Seen { machine: state.number, began, ..Seen::default() };
    }

    /// A call of the run begins; returns whether the table is out for it.
    pub(crate) fn calls(&self) -> bool {
        let mut state = self.state();
        state.calls += 1;
        state.outage.is_some_and(|call| state.calls > call)
    }

    /// What was seen of the run so far.
    pub(crate) fn seen(&self) -> Seen {
        self.state().run.clone()
    }

    pub(crate) fn connected(&self, connection: u64, by_proxy: bool) {
        let mut state = self.state();
        state.run.connections.push(connection);
        state.run.proxied.push(by_proxy);
    }

    /// The run meets a fault of this kind, which hides an outcome or not.
    pub(crate) fn met(&self, kind: &'static str, hides: bool) {
        let mut state = self.state();
        state.run.met.insert(kind);
        state.run.is_disturbed |= hides;
    }
}

/// What a run meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Trouble {
    /// It is dropped before this poll.
    pub(crate) crash: Option<u32>,
    /// It is not polled for so long, from this poll on.
    pub(crate) freeze: Option<(u32, Duration)>,
    /// The table answers it with errors from this call on.
    pub(crate) outage: Option<u32>,
}

/// A run on a machine: `None` when it crashed.
pub(crate) struct Riding<F> {
    future: Option<Pin<Box<F>>>,
    skew: i64,
    polls: u32,
    trouble: Trouble,
    frozen: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Riding<F> {
    pub(crate) fn new(machine: &Machine, trouble: Trouble, future: F) -> Self {
        Self {
            future: Some(Box::pin(future)),
            skew: machine.skew(),
            polls: 0,
            trouble,
            frozen: None,
        }
    }
}

impl<F: Future> Future for Riding<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(frozen) = &mut self.frozen {
            if frozen.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.frozen = None;
        }
        self.polls += 1;
        if self.trouble.crash.is_some_and(|poll| self.polls > poll) {
            let before = tame::skew(self.skew);
            self.future = None;
            tame::skew(before);
            return Poll::Ready(None);
        }
        if let Some((_, long)) = self.trouble.freeze.filter(|(poll, _)| *poll == self.polls) {
            let mut frozen = Box::pin(sleep(long));
            if frozen.as_mut().poll(context).is_pending() {
                self.frozen = Some(frozen);
                return Poll::Pending;
            }
        }
        let skew = self.skew;
        let Some(future) = &mut self.future else { return Poll::Ready(None) };
        let before = tame::skew(skew);
        let polled = future.as_mut().poll(context);
        tame::skew(before);
        polled.map(Some)
    }
}
