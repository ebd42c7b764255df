//! One simulated account with its phone, and the linking of a device to it.

use std::sync::Arc;
use std::time::Duration;

use domain::client_version::ClientVersion;
use domain::clock::{Budget, Clock, SystemClock};
use domain::credentials::Credentials;
use linking::{Event, FirstLogin, LinkError, Linked, Method, Timing, link};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use whatsapp::WhatsApp;
use whatsapp::{Dialer, Online, Tcp, tls_config};
use whatsapp_simulator::{Fault, Moment, Pairing, Phone, Reaction, Simulator, World};

pub(crate) const NUMBER: &str = "5511999990000";
pub(crate) const VERSION: ClientVersion = ClientVersion([2, 3000, 1_042_742_319]);

/// Long enough for anything that has to happen.
pub(crate) const LONG: Duration = Duration::from_mins(1);
/// For what has to pass without anything happening.
pub(crate) const SHORT: Duration = Duration::from_millis(20);

pub(crate) struct Account {
    pub(crate) simulator: Simulator,
    pub(crate) phone: Phone,
    pub(crate) dialer: Dialer,
    pub(crate) clock: SystemClock,
}

/// An event, as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Qr { text: String, number: usize, of: usize },
    Code { code: String, number: usize, of: usize },
    Refreshed,
    Entered,
    Paired(String),
    Finishing(FirstLogin),
}

impl From<Event<'_>> for Shown {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Qr { text, number, of, .. } => Self::Qr { text: text.to_owned(), number, of },
            Event::Code { code, number, of, .. } => {
                Self::Code { code: code.to_owned(), number, of }
            }
            Event::Refreshed => Self::Refreshed,
            Event::Entered => Self::Entered,
            Event::Paired { jid } => Self::Paired(jid.to_string()),
            Event::Finishing(step) => Self::Finishing(step),
        }
    }
}

/// Real waiting times would only make failures slow, and the silence at the end is not needed:
/// the simulated phone writes before WhatsApp says that all is there.
pub(crate) fn timing() -> Timing {
    Timing {
        step: LONG,
        first_qr: LONG,
        next_qr: LONG,
        keep_alive: LONG,
        code: LONG,
        entered: LONG,
        finish: LONG,
        pause: SHORT,
        quiet: LONG,
        linger: SHORT,
    }
}

impl Account {
    pub(crate) async fn new() -> Self {
        let simulator = Simulator::start(World::new()).await.unwrap();
        let whatsapp =
            WhatsApp { url: simulator.url(), root_key: simulator.root_key(), version: VERSION };
        let dialer = Dialer::new(&whatsapp, tls_config().unwrap(), Arc::new(Tcp)).unwrap();
        let phone = simulator.phone(NUMBER);
        Self { simulator, phone, dialer, clock: SystemClock::new() }
    }

    /// An account on whose server one thing goes wrong.
    pub(crate) async fn with(moment: Moment, reaction: Reaction) -> Self {
        let account = Self::new().await;
        account.fails(moment, reaction);
        account
    }

    pub(crate) fn fails(&self, moment: Moment, reaction: Reaction) {
        self.simulator.script(Fault::new(moment, reaction));
    }

    /// Links while `user` does what they do about each thing that is shown.
    pub(crate) async fn link(
        &self,
        method: Method,
        timing: &Timing,
        mut user: impl AsyncFnMut(&Shown),
    ) -> (Result<Linked, LinkError>, Vec<Shown>) {
        let (screen, mut shown) = unbounded_channel();
        let on = move |event: Event<'_>| screen.send(Shown::from(event)).unwrap();
        let linking = link(&self.dialer, &self.clock, method, timing, on);
        let watching = async {
            let mut all = Vec::new();
            while let Some(next) = shown.recv().await {
                user(&next).await;
                all.push(next);
            }
            all
        };
        tokio::join!(linking, watching)
    }

    /// Links by the first QR code.
    pub(crate) async fn link_by_qr(&self) -> Result<Linked, LinkError> {
        self.link(Method::Qr, &timing(), async |shown| self.scan(shown).await).await.0
    }

    /// Links by the first code.
    pub(crate) async fn link_by_code(&self) -> Result<Linked, LinkError> {
        self.link(by_code(), &timing(), async |shown| self.enter(shown).await).await.0
    }

    /// The user scans what is shown, if it is a QR code; what comes of it the linking says.
    pub(crate) async fn scan(&self, shown: &Shown) {
        if let Shown::Qr { text, .. } = shown {
            let _ = self.phone.scan(text).await;
        }
    }

    /// The user enters what is shown, if it is a code; what comes of it the linking says.
    pub(crate) async fn enter(&self, shown: &Shown) {
        if let Shown::Code { code, .. } = shown {
            let _ = self.phone.enter_code(code).await;
        }
    }

    /// Nobody scans anything.
    pub(crate) async fn link_unseen(&self) -> Result<Linked, LinkError> {
        self.link(Method::Qr, &timing(), async |_| {}).await.0
    }

    /// Waits until something is true of the last registration.
    pub(crate) async fn until(&self, holds: impl Fn(&Pairing) -> bool) {
        while !holds(&self.pairing()) {
            sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) async fn log_in(&self, credentials: &Credentials) -> Online {
        let budget = Budget::of(LONG);
        let greeted = self.dialer.greet(budget, self.clock.now()).await.unwrap();
        greeted.login(credentials, budget, || true).await.unwrap()
    }

    /// The last registration.
    pub(crate) fn pairing(&self) -> Pairing {
        self.simulator.record().pairings.last().unwrap().clone()
    }

    pub(crate) fn all_faults_were_met(&self) {
        assert!(self.simulator.unused_faults().is_empty());
    }
}

/// An IQ answered with an error.
pub(crate) fn refusal(code: u16) -> Reaction {
    Reaction::IqError { code, text: "refused".to_owned(), backoff: None }
}

pub(crate) fn by_code() -> Method {
    Method::Code { phone: "+55 11 99999-0000".parse().unwrap() }
}
