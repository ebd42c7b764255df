//! An open session: what it can be asked, and when it can be asked no more.
//!
//! A connection that has failed is **spent**: from then on nothing is written to
//! it and nothing read, and whoever asks is told so at once
//! ([`Failure::Spent`]). So what was asked of a spent connection was not sent,
//! for certain, and what a caller hears after the hand-over may have been.

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use wacore::handshake::NoiseCipher;
use wacore_binary::{Node, OwnedNodeRef};

use super::failure::{Failure, Step};
use super::socket::Socket;
use super::stanza::{self, Iq};
use crate::clock::Budget;

/// One open, passive connection of one session.
pub struct Online {
    socket: Socket,
    writer: NoiseCipher,
    reader: NoiseCipher,
    sent: u32,
    received: u32,
    iqs: u32,
    /// The failure that ended the connection.
    spent: Option<Failure>,
}

/// Why a stanza has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Nothing of it left this process.
    Unsent(Failure),
    /// It was handed to a live connection: it may have been carried out.
    Lost(Failure),
}

impl Unanswered {
    fn failure(self) -> Failure {
        match self {
            Self::Unsent(failure) | Self::Lost(failure) => failure,
        }
    }
}

impl Online {
    pub(super) fn new(socket: Socket, writer: NoiseCipher, reader: NoiseCipher) -> Self {
        Self { socket, writer, reader, sent: 0, received: 0, iqs: 0, spent: None }
    }

    /// How many IQs were answered.
    pub fn iqs(&self) -> u32 {
        self.iqs
    }

    /// Whether the connection has failed, so that nothing more can be sent on it.
    /// A question without an answer in time does not spend it by itself.
    pub fn is_spent(&self) -> bool {
        self.spent.is_some()
    }

    /// Ends the connection and waits for it, at most until `budget` ends.
    pub async fn close(self, budget: Budget) {
        let _ = timeout_at(budget.end(), self.socket.close()).await;
    }

    /// Asks one IQ and returns its answer, whatever else comes in between.
    ///
    /// # Errors
    /// [`Failure::Iq`] when it is answered with an error, or the connection's
    /// failure. After [`Failure::Timeout`] the next question may be asked; the
    /// late answer to this one is passed over then.
    pub async fn ask(&mut self, iq: Iq, budget: Budget) -> Result<OwnedNodeRef, Failure> {
        let answer = self.exchange(iq, budget).await.map_err(Unanswered::failure)?;
        stanza::accepted(answer)
    }

    /// Asks one IQ. What came before it is read first, without waiting: a stream
    /// that has ended already is noticed before anything is sent.
    pub(super) async fn exchange(
        &mut self,
        iq: Iq,
        budget: Budget,
    ) -> Result<OwnedNodeRef, Unanswered> {
        let id = iq.id();
        self.notice().await.map_err(Unanswered::Unsent)?;
        self.hand_over(&iq.node(), budget.end()).await?;
        let answer = timeout_at(budget.end(), self.answer(&id))
            .await
            .unwrap_or(Err(Failure::Timeout(Step::Iq)))
            .map_err(Unanswered::Lost)?;
        self.iqs += 1;
        Ok(answer)
    }

    async fn answer(&mut self, id: &str) -> Result<OwnedNodeRef, Failure> {
        loop {
            let node = self.stanza().await?;
            if node.tag() == "iq" && stanza::text(&node, "id").as_deref() == Some(id) {
                return Ok(node);
            }
        }
    }

    /// Reads what is there already. The runtime looks at its sockets when a task
    /// gives way, so this costs no waiting.
    async fn notice(&mut self) -> Result<(), Failure> {
        self.live()?;
        tokio::task::yield_now().await;
        while let Some(stanza) = self.stanza().now_or_never() {
            stanza?;
        }
        Ok(())
    }

    /// Sends one stanza. Dropped before its end, it leaves the connection spent.
    ///
    /// # Errors
    /// When it cannot be written, or the connection is closed.
    pub async fn send(&mut self, node: &Node, budget: Budget) -> Result<(), Failure> {
        self.hand_over(node, budget.end()).await.map_err(Unanswered::failure)
    }

    async fn hand_over(&mut self, node: &Node, end: Instant) -> Result<(), Unanswered> {
        use Unanswered::{Lost, Unsent};
        self.live().map_err(Unsent)?;
        let bytes = wacore_binary::marshal(node)
            .map_err(|_| Unsent(Failure::Protocol("stanza to send")))?;
        let sealed = self
            .writer
            .encrypt_with_counter(self.sent, &bytes)
            .map_err(|_| Unsent(Failure::Protocol("encrypt")))?;
        self.sent += 1;

        let late = || Failure::Timeout(Step::Iq);
        // Spent until the frame is written whole: also when this is dropped halfway.
        self.spent = Some(late());
        let ready = timeout_at(end, self.socket.ready()).await.unwrap_or_else(|_| Err(late()));
        ready
            .and_then(|()| self.socket.hand_over(&sealed, None))
            .map_err(|failure| Unsent(self.spend(failure)))?;
        let written = timeout_at(end, self.socket.flush()).await.unwrap_or_else(|_| Err(late()));
        written.map_err(|failure| Lost(self.spend(failure)))?;
        self.spent = None;
        Ok(())
    }

    /// The next stanza; a stream error ends the connection. Cancel safe: what was
    /// read so far is kept.
    ///
    /// # Errors
    /// [`Failure::Stream`], or the connection's failure.
    pub async fn stanza(&mut self) -> Result<OwnedNodeRef, Failure> {
        self.live()?;
        self.read().await.map_err(|failure| self.spend(failure))
    }

    async fn read(&mut self) -> Result<OwnedNodeRef, Failure> {
        let mut frame = self.socket.receive().await?;
        self.reader
            .decrypt_in_place_with_counter(self.received, &mut frame)
            .map_err(|_| Failure::Protocol("undecryptable frame"))?;
        self.received += 1;
        let node = stanza::read(&frame)?;
        match stanza::stream_error(&node) {
            Some(error) => Err(error.into()),
            None => Ok(node),
        }
    }

    fn live(&self) -> Result<(), Failure> {
        match &self.spent {
            None => Ok(()),
            Some(cause) => Err(Failure::Spent(Box::new(cause.clone()))),
        }
    }

    fn spend(&mut self, failure: Failure) -> Failure {
        self.spent = Some(failure.clone());
        failure
    }
}
