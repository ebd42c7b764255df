//! One open connection, with what a client does on the side: it answers pings, keeps the
//! connection alive, and acknowledges what WhatsApp would otherwise send again.

use std::collections::VecDeque;
use std::time::Duration;

use domain::clock::Budget;
use tokio::time::{Instant, sleep_until};
use wacore::iq::keepalive::KeepaliveSpec;
use wacore::iq::spec::IqSpec;
use wacore::pair::PairUtils;
use wacore::request::{InfoQuery, IqError, RequestUtils};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, OwnedNodeRef};
use whatsapp::{Failure, Online, Pause, Refusal, Step};

use crate::timing::Timing;

/// A connection that is being talked on.
pub(crate) struct Conversation<'a> {
    online: &'a mut Online,
    step: Duration,
    keep_alive: Duration,
    next_keep_alive: Instant,
    requests: RequestUtils,
    /// What came while an answer was waited for.
    waiting: VecDeque<OwnedNodeRef>,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(online: &'a mut Online, timing: &Timing) -> Self {
        Self {
            online,
            step: timing.step,
            keep_alive: timing.keep_alive,
            next_keep_alive: Instant::now() + timing.keep_alive,
            requests: RequestUtils::new(format!("{:08x}", rand::random::<u32>())),
            waiting: VecDeque::new(),
        }
    }

    /// The next stanza, or none until `until`. Pings are answered, and `<pair-device>`,
    /// notifications, receipts and calls acknowledged by then; messages are not. Answers that
    /// nobody waits for are passed over.
    pub(crate) async fn next(&mut self, until: Instant) -> Result<Option<OwnedNodeRef>, Failure> {
        if let Some(stanza) = self.waiting.pop_front() {
            return Ok(Some(stanza));
        }
        loop {
            match self.receive(until).await? {
                Some(stanza) if is_answer(&stanza) => {}
                next => return Ok(next),
            }
        }
    }

    async fn receive(&mut self, until: Instant) -> Result<Option<OwnedNodeRef>, Failure> {
        loop {
            let stanza = tokio::select! {
                stanza = self.online.stanza() => stanza?,
                () = sleep_until(self.next_keep_alive) => {
                    self.keep_alive().await?;
                    continue;
                }
                () = sleep_until(until) => return Ok(None),
            };
            match stanza.tag() {
                "iq" if text(&stanza, "type").as_deref() == Some("get") => {
                    self.send(&pong(&stanza)).await?;
                }
                "iq" if stanza.get_optional_child("pair-device").is_some() => {
                    if let Some(answer) = PairUtils::build_ack_node_ref(stanza.get()) {
                        self.send(&answer).await?;
                    }
                    return Ok(Some(stanza));
                }
                "notification" | "receipt" | "call" => {
                    self.send(&ack(&stanza)).await?;
                    return Ok(Some(stanza));
                }
                _ => return Ok(Some(stanza)),
            }
        }
    }

    /// Sends one stanza.
    pub(crate) async fn send(&mut self, stanza: &Node) -> Result<(), Failure> {
        self.online.send(stanza, Budget::of(self.step)).await
    }

    /// Asks one question and reads its answer.
    pub(crate) async fn ask<Question: IqSpec>(
        &mut self,
        question: &Question,
    ) -> Result<Question::Response, Failure> {
        let id = self.new_id();
        let iq = self.iq(question.build_iq(), id.clone());
        let answer = self.exchange(&iq, &id).await?;
        question.parse_response(answer.get()).map_err(|_| Failure::Protocol("IQ reply"))
    }

    /// Sends a question that is already a stanza, and waits for its answer.
    pub(crate) async fn exchange(&mut self, iq: &Node, id: &str) -> Result<OwnedNodeRef, Failure> {
        self.send(iq).await?;
        let until = Instant::now() + self.step;
        loop {
            let stanza = self.receive(until).await?.ok_or(Failure::Timeout(Step::Iq))?;
            if !is_answer(&stanza) {
                self.waiting.push_back(stanza);
            } else if text(&stanza, "id").as_deref() == Some(id) {
                return self.accepted(stanza);
            }
        }
    }

    /// An id that this connection has not used.
    pub(crate) fn new_id(&self) -> String {
        self.requests.generate_request_id()
    }

    fn iq(&self, query: InfoQuery<'_>, id: String) -> Node {
        self.requests.build_iq_node(query, Some(id))
    }

    async fn keep_alive(&mut self) -> Result<(), Failure> {
        self.next_keep_alive = Instant::now() + self.keep_alive;
        let ping = self.iq(KeepaliveSpec::new().build_iq(), self.new_id());
        self.send(&ping).await
    }

    fn accepted(&self, answer: OwnedNodeRef) -> Result<OwnedNodeRef, Failure> {
        match self.requests.parse_iq_response(answer.get()) {
            Ok(()) => Ok(answer),
            Err(IqError::ServerError { code, backoff, .. }) => {
                let backoff =
                    backoff.map_or_else(Pause::default, |told| Pause::seconds(told.into()));
                Err(Failure::Iq(Refusal::new(code, backoff)))
            }
            Err(_) => Err(Failure::Protocol("IQ reply")),
        }
    }
}

/// `<ack class id to [type] [participant]>`, what takes a stanza off WhatsApp's queue.
pub(crate) fn ack(stanza: &OwnedNodeRef) -> Node {
    let mut ack = NodeBuilder::new("ack").attr("class", stanza.tag());
    for (name, value) in [
        ("id", stanza.get_attr("id")),
        ("to", stanza.get_attr("from")),
        ("participant", stanza.get_attr("participant")),
    ] {
        if let Some(value) = value {
            ack = ack.attr(name, value.to_node_value());
        }
    }
    // A message's acknowledgement has no type, or it would be taken for a refusal's.
    if stanza.tag() != "message"
        && let Some(kind) = stanza.get_attr("type")
    {
        ack = ack.attr("type", kind.to_node_value());
    }
    ack.build()
}

fn is_answer(stanza: &OwnedNodeRef) -> bool {
    stanza.tag() == "iq" && matches!(text(stanza, "type").as_deref(), Some("result" | "error"))
}

/// `<iq type="result" id to>`.
fn pong(ping: &OwnedNodeRef) -> Node {
    let mut pong = NodeBuilder::new("iq").attr("type", "result");
    for (name, value) in [("id", ping.get_attr("id")), ("to", ping.get_attr("from"))] {
        if let Some(value) = value {
            pong = pong.attr(name, value.to_node_value());
        }
    }
    pong.build()
}

/// An attribute's text.
pub(crate) fn text(stanza: &OwnedNodeRef, name: &str) -> Option<String> {
    stanza.get_attr(name).map(|value| value.as_str().into_owned())
}
