//! A connection that is registered but belongs to no device yet.

use tokio::sync::{mpsc, oneshot};
use wacore_binary::Node;

use crate::adv::{SignedByPhone, Voucher};
use crate::link_code::CompanionFinish;
use crate::link_outcome::{LinkError, LinkedByPhone};
use crate::moment::Moment;
use crate::pairing_record::{Pairing, PairingAnswer};
use crate::pairing_stanzas::{
    Success, fresh_id, fresh_refs, pair_device, pair_success, pairing_notification, ping,
};
use crate::reaction::{PairSuccessFault, StreamErrorKind};
use crate::registration::Registration;
use crate::session::{Rest, Session};
use crate::socket::Closed;
use crate::stanza::{bytes, stream_error, text};
use crate::waiting::{LinkOrder, Order, Waiting};

/// A stream error that means: connect again, now as the device that you are.
const RESTART: StreamErrorKind = StreamErrorKind::Code(515);

type Done = oneshot::Sender<Result<LinkedByPhone, LinkError>>;

/// A client between its registration and its link.
pub(crate) struct Registering {
    pub(crate) session: Session,
    pub(crate) connection: u64,
    pub(crate) registration: Registration,
    orders: mpsc::UnboundedReceiver<Order>,
    pair_device_id: String,
    ping_id: String,
    /// The phone that waits for the companion's key bundle.
    pub(crate) finish: Option<oneshot::Sender<CompanionFinish>>,
    offered: Option<Offered>,
    /// Follows `<pair-device>`.
    first_notification: Option<Node>,
}

/// A `<pair-success>` that is not answered yet.
struct Offered {
    id: String,
    phone: String,
    jid: String,
    lid: String,
    signed: SignedByPhone,
    done: Done,
}

impl Registering {
    /// Lets a registered client wait for a phone.
    pub(crate) fn new(
        session: Session,
        connection: u64,
        registration: Registration,
        first_notification: Option<Node>,
    ) -> Self {
        let (sender, orders) = mpsc::unbounded_channel();
        session.shared.state().waiting.enter(
            connection,
            Waiting {
                registration: registration.clone(),
                refs: fresh_refs(),
                hello: None,
                orders: sender,
            },
        );
        session.shared.changed();
        Self {
            session,
            connection,
            registration,
            orders,
            pair_device_id: fresh_id(),
            ping_id: fresh_id(),
            finish: None,
            offered: None,
            first_notification,
        }
    }

    pub(crate) async fn serve(mut self) -> Result<(), Closed> {
        let refs = {
            let state = self.session.shared.state();
            state.waiting.get(self.connection).map(|w| w.refs.clone()).unwrap_or_default()
        };
        self.session.send(pair_device(&self.pair_device_id, &refs)).await?;
        if let Some(notification) = self.first_notification.take() {
            self.session.send(notification).await?;
        }
        loop {
            tokio::select! {
                Some(order) = self.orders.recv() => self.obey(order).await?,
                stanza = self.session.receive() => self.handle(stanza?).await?,
            }
        }
    }

    async fn handle(&mut self, stanza: Node) -> Result<(), Closed> {
        if stanza.tag != "iq" {
            return Ok(());
        }
        if matches!(text(&stanza, "type").as_deref(), Some("get" | "set")) {
            return self.answer(stanza).await;
        }
        let id = text(&stanza, "id").unwrap_or_default();
        if id == self.pair_device_id {
            return self.acknowledged().await;
        }
        if id == self.ping_id {
            self.note(|pairing| pairing.pings_answered += 1);
        }
        match self.offered.take_if(|offered| offered.id == id) {
            Some(offered) => self.decide(offered, &stanza).await,
            None => Ok(()),
        }
    }

    /// The client shows its refs from here on.
    async fn acknowledged(&mut self) -> Result<(), Closed> {
        self.note(|pairing| pairing.acknowledged = true);
        match self.meet(Moment::PairDevice).await? {
            Rest::Nothing => {}
            Rest::Notification(kind) => self.session.send(pairing_notification(kind)).await?,
            Rest::DropAfterApply
            | Rest::SilenceAfterApply
            | Rest::SuccessWithoutLid
            | Rest::PairSuccess(_) => return self.session.drop_connection(),
        }
        self.note(|pairing| pairing.pings_sent += 1);
        self.session.send(ping(&self.ping_id)).await
    }

    async fn obey(&mut self, order: Order) -> Result<(), Closed> {
        match order {
            Order::Notify(notification) => self.session.send(notification).await,
            Order::PrimaryHello { notification, finish } => {
                self.finish = Some(finish);
                self.session.send(notification).await
            }
            Order::Link(order) => self.offer(order).await,
        }
    }

    /// Sends `<pair-success>`.
    async fn offer(&mut self, order: LinkOrder) -> Result<(), Closed> {
        let LinkOrder { phone, kind, adv_secret, done } = order;
        if self.offered.is_some() {
            // Two phones were quick; the first one has it.
            let _ = done.send(Err(LinkError::ExpiredRef));
            return Ok(());
        }
        let mut fault = None;
        let mut dropped = false;
        match self.meet(Moment::PairSuccess).await? {
            Rest::Nothing => {}
            Rest::PairSuccess(kind) => fault = Some(kind),
            Rest::DropAfterApply => dropped = true,
            Rest::Notification(kind) => {
                return self.session.send(pairing_notification(kind)).await;
            }
            Rest::SilenceAfterApply | Rest::SuccessWithoutLid => {
                return self.session.drop_connection();
            }
        }
        let (keys, number, lid) = {
            let world = &mut self.session.shared.state().world;
            let keys = world.phone_keys(&phone).clone();
            let (number, lid) = world.next_device(&phone);
            (keys, number, lid)
        };
        let voucher = Voucher {
            keys: &keys,
            kind,
            key_index: u32::from(number),
            companion_identity: self.registration.bundle.identity,
            adv_secret,
        };
        let signed = match voucher.sign(fault) {
            Ok(signed) => signed,
            Err(error) => {
                let _ = done.send(Err(error.into()));
                return Ok(());
            }
        };
        let id = fresh_id();
        let jid = format!("{phone}:{number}@s.whatsapp.net");
        let container = Some(signed.container.clone());
        let (identity, names_device) = match fault {
            Some(PairSuccessFault::NoIdentity) => (None, true),
            Some(PairSuccessFault::NoDevice) => (container, false),
            // These are in the container.
            Some(
                PairSuccessFault::Hmac
                | PairSuccessFault::AccountSignature
                | PairSuccessFault::Garbled
                | PairSuccessFault::NoKeyIndex,
            )
            | None => (container, true),
        };
        let success =
            pair_success(&id, Success { jid: &jid, lid: &lid, kind, identity, names_device });
        self.session.send(success).await?;
        if dropped {
            return self.session.drop_connection();
        }
        self.offered = Some(Offered { id, phone, jid, lid, signed, done });
        Ok(())
    }

    /// The companion has answered `<pair-success>`.
    async fn decide(&mut self, offered: Offered, reply: &Node) -> Result<(), Closed> {
        if let Some((code, text)) = PairingAnswer::refusal(reply) {
            let answer = PairingAnswer::Refused { code, text: text.clone() };
            self.note(|pairing| pairing.answers.push(answer));
            let _ = offered.done.send(Err(LinkError::Refused { code, text }));
            return Ok(());
        }
        if let Err(reason) = check_reply(&offered.signed, reply) {
            self.note(|pairing| pairing.answers.push(PairingAnswer::Unsound(reason)));
            let _ = offered.done.send(Err(LinkError::Unsound(reason)));
            // What the real server says here is not public; it does not link the client.
            return self.session.end_with(stream_error(StreamErrorKind::XmlStreamEnd)).await;
        }
        self.note(|pairing| pairing.answers.push(PairingAnswer::Signed));
        let mut last = Some(stream_error(RESTART));
        let mut dropped = false;
        match self.meet(Moment::PairDeviceSign).await? {
            Rest::Nothing => {}
            Rest::SilenceAfterApply => last = None,
            Rest::DropAfterApply => dropped = true,
            Rest::SuccessWithoutLid | Rest::PairSuccess(_) | Rest::Notification(_) => {
                return self.session.drop_connection();
            }
        }
        let Offered { phone, jid, lid, done, .. } = offered;
        let registration = &self.registration;
        self.session
            .shared
            .change(|world| world.add_companion(&phone, &jid, &lid, registration.clone()));
        self.note(|pairing| pairing.device = Some(jid.clone()));
        let linked = LinkedByPhone {
            jid,
            lid,
            os: self.registration.os.clone(),
            platform: self.registration.platform.clone(),
        };
        let _ = done.send(Ok(linked));
        if dropped {
            return self.session.drop_connection();
        }
        match last {
            Some(last) => self.session.end_after_client(last).await,
            None => Ok(()),
        }
    }

    /// Meets what the script has for a moment.
    async fn meet(&mut self, moment: Moment) -> Result<Rest, Closed> {
        match self.session.shared.take_fault(moment, None) {
            None => Ok(Rest::Nothing),
            Some(reaction) => self.session.misbehave(reaction).await,
        }
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Pairing)) {
        self.session.shared.state().record.pairing(self.connection, change);
    }
}

impl Drop for Registering {
    fn drop(&mut self) {
        self.session.shared.state().waiting.leave(self.connection);
    }
}

fn check_reply(signed: &SignedByPhone, reply: &Node) -> Result<(), &'static str> {
    let identity = reply
        .get_optional_child("pair-device-sign")
        .and_then(|sign| sign.get_optional_child("device-identity"))
        .ok_or("the reply has no device identity")?;
    if text(identity, "key-index") != Some(signed.key_index.to_string()) {
        return Err("the reply has another key index");
    }
    signed.check_reply(bytes(identity).ok_or("the device identity is empty")?)
}
