//! The phone that a companion is linked to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::account_kind::AccountKind;
use crate::link_code::{CompanionFinish, CompanionHello, TypedCode, normalise};
use crate::link_outcome::{LinkError, LinkedByPhone, MOST_COMPANIONS};
use crate::pairing_stanzas::{primary_hello, refresh_code};
use crate::qr::ScannedQr;
use crate::state::Shared;
use crate::waiting::{LinkOrder, Order, Seen};

/// How long a phone waits for a companion: WhatsApp Web gives up after the same minute.
const PATIENCE: Duration = Duration::from_mins(1);

/// An account's phone, which has the last word on its companions. Clones are the same phone.
#[derive(Clone)]
pub struct Phone {
    shared: Arc<Shared>,
    number: String,
    kind: AccountKind,
}

impl Phone {
    pub(crate) fn new(shared: Arc<Shared>, number: &str) -> Self {
        shared.change(|world| {
            world.phone_keys(number);
        });
        Self { shared, number: number.to_owned(), kind: AccountKind::Personal }
    }

    /// The same phone with another kind of account.
    #[must_use]
    pub fn of_kind(mut self, kind: AccountKind) -> Self {
        self.kind = kind;
        self
    }

    /// The account's public key, which signs its companions and is the phone's identity in chats.
    pub fn identity_key(&self) -> [u8; 32] {
        self.shared.change(|world| *world.phone_keys(&self.number).identity.public())
    }

    /// The companions of this account, in the order of their JIDs.
    pub fn companions(&self) -> Vec<String> {
        self.shared.state().world.companions(&self.number)
    }

    /// Scans a companion's QR code, and returns once the companion's reply is checked and the
    /// device is linked.
    ///
    /// # Errors
    /// [`LinkError`], with nothing linked.
    pub async fn scan(&self, qr_text: &str) -> Result<LinkedByPhone, LinkError> {
        let qr = ScannedQr::read(qr_text).map_err(LinkError::NotAQrCode)?;
        let connection = {
            let state = self.shared.state();
            let connection = match state.waiting.find_ref(&qr.pairing_ref) {
                Seen::Never => return Err(LinkError::UnknownRef),
                Seen::Before => return Err(LinkError::ExpiredRef),
                Seen::Valid(connection) => connection,
            };
            let companion = state.waiting.get(connection).ok_or(LinkError::Gone)?;
            let same = companion.registration.noise_public_key == qr.noise_public_key
                && companion.registration.bundle.identity == qr.identity;
            if !same {
                return Err(LinkError::OtherKeys);
            }
            connection
        };
        self.link(connection, qr.adv_secret).await
    }

    /// Types in the code that a companion shows, and returns once the companion's reply is checked
    /// and the device is linked. The code may have its dash.
    ///
    /// A wrong code fails as it really does: the companion answers, but with a key bundle that
    /// does not open. It may be tried again; companions answer three times.
    ///
    /// # Errors
    /// [`LinkError`], with nothing linked.
    pub async fn enter_code(&self, code: &str) -> Result<LinkedByPhone, LinkError> {
        let code = normalise(code).ok_or(LinkError::NotACode)?;
        let (connection, hello) =
            self.shared.state().waiting.find_hello(&self.number).ok_or(LinkError::NoCompanion)?;
        let (typed, hello) = spawn_blocking(move || (TypedCode::derive(&code, &hello), hello))
            .await
            .map_err(|_| LinkError::Gone)?;
        let typed = typed.ok_or(LinkError::WrongCode)?;
        let keys = self.shared.change(|world| world.phone_keys(&self.number).clone());
        let finish = self.say_hello(connection, &typed, &hello, keys.identity.public()).await?;
        let secret = typed.adv_secret(&keys, &finish).ok_or(LinkError::WrongCode)?;
        let registered = self
            .shared
            .state()
            .waiting
            .get(connection)
            .map(|companion| companion.registration.bundle.identity);
        match registered {
            None => Err(LinkError::Gone),
            Some(identity) if identity != finish.identity => Err(LinkError::OtherKeys),
            Some(_) => self.link(connection, secret).await,
        }
    }

    async fn say_hello(
        &self,
        connection: u64,
        typed: &TypedCode,
        hello: &CompanionHello,
        identity: &[u8; 32],
    ) -> Result<CompanionFinish, LinkError> {
        let (finish, finished) = oneshot::channel();
        let notification = primary_hello(hello, &typed.wrapped_ephemeral, identity);
        self.order(connection, Order::PrimaryHello { notification, finish })?;
        timeout(PATIENCE, finished)
            .await
            .map_err(|_| LinkError::NoAnswer)?
            .map_err(|_| LinkError::Gone)
    }

    /// Returns once a companion has asked for a code to be accepted by this number: some clients
    /// show theirs before the server has heard of it.
    pub async fn asked_for_code(&self) {
        let mut changes = self.shared.changes();
        while self.shared.state().waiting.find_hello(&self.number).is_none() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Has the server ask the companion that waits for this number's code to show a new one.
    ///
    /// # Errors
    /// [`LinkError::NoCompanion`] when none waits.
    pub fn refresh_code(&self, force_manual: bool) -> Result<(), LinkError> {
        let found = self.shared.state().waiting.find_hello(&self.number);
        let (connection, hello) = found.ok_or(LinkError::NoCompanion)?;
        self.order(connection, Order::Notify(refresh_code(&hello, force_manual)))
    }

    async fn link(
        &self,
        connection: u64,
        adv_secret: [u8; 32],
    ) -> Result<LinkedByPhone, LinkError> {
        if self.companions().len() >= MOST_COMPANIONS {
            return Err(LinkError::TooManyCompanions);
        }
        let (done, outcome) = oneshot::channel();
        let order = LinkOrder { phone: self.number.clone(), kind: self.kind, adv_secret, done };
        self.order(connection, Order::Link(order))?;
        self.shared.state().waiting.use_up(connection);
        timeout(PATIENCE, outcome)
            .await
            .map_err(|_| LinkError::NoAnswer)?
            .map_err(|_| LinkError::Gone)?
    }

    fn order(&self, connection: u64, order: Order) -> Result<(), LinkError> {
        let state = self.shared.state();
        let companion = state.waiting.get(connection).ok_or(LinkError::Gone)?;
        companion.orders.send(order).map_err(|_| LinkError::Gone)
    }
}
