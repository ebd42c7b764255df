//! An open session: what it can be asked, and when it can be asked no more.
//!
//! A connection that has failed is **spent**: from then on nothing is written to
//! it and nothing read, and whoever asks is told so at once
//! ([`Failure::Spent`]). So what was asked of a spent connection was not sent,
//! for certain, and what a caller hears after the hand-over may have been.

use std::time::Duration;

use domain::broken;
use domain::clock::Budget;
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use wacore::handshake::NoiseCipher;
use wacore_binary::{Node, OwnedNodeRef};

use super::failure::{Failure, Step};
use super::socket::Socket;
use super::stanza::{self, Iq};

/// Most stanzas that are passed over while one answer is waited for. A passive
/// login is sent no queue, so there are a handful.
const MOST_PASSED_OVER: u32 = 1_024;
/// Most bytes of them, as they came.
const MOST_BYTES_PASSED_OVER: usize = 16 * 1024 * 1024;
/// Most stanzas of one connection that nobody can read, and their bytes.
const MOST_UNREADABLE: u32 = 64;
const MOST_BYTES_UNREADABLE: usize = 8 * 1024 * 1024;

/// How long the closing handshake is waited for.
pub const CLOSING: Duration = Duration::from_millis(500);

/// One open, passive connection of one session.
pub struct Online {
    socket: Socket,
    writer: NoiseCipher,
    reader: NoiseCipher,
    sent: u32,
    received: u32,
    iqs: u32,
    lid: Option<String>,
    unreadable: Allowance,
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
    /// Right before it was to be sent, whoever asked had no leave to send it any more.
    Withheld,
}

impl Unanswered {
    fn failure(self) -> Failure {
        match self {
            Self::Unsent(failure) | Self::Lost(failure) => failure,
            Self::Withheld => Failure::Protocol("a stanza that was not to be sent"),
        }
    }
}

impl Online {
    pub(super) fn new(socket: Socket, writer: NoiseCipher, reader: NoiseCipher) -> Self {
        Self {
            socket,
            writer,
            reader,
            sent: 0,
            received: 0,
            iqs: 0,
            lid: None,
            unreadable: Allowance { stanzas: MOST_UNREADABLE, bytes: MOST_BYTES_UNREADABLE },
            spent: None,
        }
    }

    /// Our own LID, when `<success>` told it: `user[:device]@lid`.
    pub fn lid(&self) -> Option<&str> {
        self.lid.as_deref()
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

    /// Ends the connection and waits for it, at most until `budget` ends, and not for long.
    pub async fn close(self, budget: Budget) {
        let _ = timeout_at(budget.at_most(CLOSING).end(), self.socket.close()).await;
    }

    /// Asks one IQ and returns its answer, whatever else comes in between.
    ///
    /// # Errors
    /// [`Failure::Iq`] when it is answered with an error, or the connection's
    /// failure. After [`Failure::Timeout`] the next question may be asked; the
    /// late answer to this one is passed over then.
    pub(crate) async fn ask(&mut self, iq: Iq, budget: Budget) -> Result<OwnedNodeRef, Failure> {
        let answer = self.exchange(iq, budget, || true).await.map_err(Unanswered::failure)?;
        stanza::accepted(answer)
    }

    /// Asks one IQ, if it still may be sent right before it is. What came before it is read
    /// first, without waiting: a stream that has ended already is noticed before anything is sent.
    pub(super) async fn exchange(
        &mut self,
        iq: Iq,
        budget: Budget,
        may_send: impl FnOnce() -> bool,
    ) -> Result<OwnedNodeRef, Unanswered> {
        let id = iq.id();
        let mut allowance = Allowance::of_one_answer();
        let ended = broken!(SpentIsNotSent => Unanswered::Lost; Unanswered::Unsent);
        self.notice(&mut allowance).await.map_err(ended)?;
        self.hand_over(&iq.node(), budget.end(), may_send).await?;
        let answer = timeout_at(budget.end(), self.answer(&id, &mut allowance))
            .await
            .unwrap_or(Err(Failure::Timeout(Step::Iq)))
            .map_err(Unanswered::Lost)?;
        self.iqs += 1;
        Ok(answer)
    }

    async fn answer(
        &mut self,
        id: &str,
        allowance: &mut Allowance,
    ) -> Result<OwnedNodeRef, Failure> {
        loop {
            let (node, bytes) = self.next().await?;
            if node.tag() == "iq" && stanza::text(&node, "id").as_deref() == Some(id) {
                return Ok(node);
            }
            self.pass_over(allowance, bytes)?;
        }
    }

    /// Waits for `<success>`; other stanzas are passed over.
    ///
    /// # Errors
    /// [`Failure::Login`] when WhatsApp refuses, or the connection's failure.
    pub(super) async fn success(&mut self) -> Result<(), Failure> {
        let mut allowance = Allowance::of_one_answer();
        loop {
            let (node, bytes) = self.next().await?;
            if node.tag() == "success" {
                self.lid = stanza::text(&node, "lid").filter(|lid| is_lid(lid));
                return Ok(());
            }
            self.pass_over(&mut allowance, bytes)?;
        }
    }

    fn pass_over(&mut self, allowance: &mut Allowance, bytes: usize) -> Result<(), Failure> {
        allowance.take(bytes).map_err(|failure| self.spend(failure))
    }

    /// Reads what is there already. The runtime looks at its sockets when a task
    /// gives way, so this costs no waiting.
    async fn notice(&mut self, allowance: &mut Allowance) -> Result<(), Failure> {
        self.live()?;
        tokio::task::yield_now().await;
        while let Some(next) = self.next().now_or_never() {
            let (_, bytes) = next?;
            self.pass_over(allowance, bytes)?;
        }
        Ok(())
    }

    /// Sends one stanza. Dropped before its end, it leaves the connection spent.
    ///
    /// # Errors
    /// When it cannot be written, or the connection is closed.
    pub async fn send(&mut self, node: &Node, budget: Budget) -> Result<(), Failure> {
        self.hand_over(node, budget.end(), || true).await.map_err(Unanswered::failure)
    }

    async fn hand_over(
        &mut self,
        node: &Node,
        end: Instant,
        may_send: impl FnOnce() -> bool,
    ) -> Result<(), Unanswered> {
        use Unanswered::{Lost, Unsent};
        self.live().map_err(Unsent)?;
        let bytes = wacore_binary::marshal(node)
            .map_err(|_| Unsent(Failure::Protocol("stanza to send")))?;
        let late = || Failure::Timeout(Step::Iq);
        let ready = timeout_at(end, self.socket.ready()).await.unwrap_or_else(|_| Err(late()));
        ready.map_err(|failure| Unsent(self.spend(failure)))?;
        // From here to the frame's way out nothing is waited for.
        if !may_send() {
            return Err(Unanswered::Withheld);
        }
        let sealed = self
            .writer
            .encrypt_with_counter(self.sent, &bytes)
            .map_err(|_| Unsent(Failure::Protocol("encrypt")))?;
        self.sent += 1;

        // Spent until the frame is written whole: also when this is dropped halfway.
        self.spent = Some(late());
        self.socket.hand_over(&sealed, None).map_err(|failure| Unsent(self.spend(failure)))?;
        let written = timeout_at(end, self.socket.flush()).await.unwrap_or_else(|_| Err(late()));
        written.map_err(|failure| Lost(self.spend(failure)))?;
        self.spent = None;
        Ok(())
    }

    /// The next stanza; `<failure>` and a stream error end the connection. Cancel
    /// safe: what was read so far is kept.
    ///
    /// # Errors
    /// [`Failure::Login`], [`Failure::Stream`], or the connection's failure.
    pub async fn stanza(&mut self) -> Result<OwnedNodeRef, Failure> {
        self.next().await.map(|(node, _)| node)
    }

    /// The next stanza, and the bytes that it came in.
    async fn next(&mut self) -> Result<(OwnedNodeRef, usize), Failure> {
        self.live()?;
        self.read().await.map_err(|failure| self.spend(failure))
    }

    /// A frame that does not decrypt is the end: nobody knows which the next one
    /// is. One that decrypts and cannot be read is passed over.
    async fn read(&mut self) -> Result<(OwnedNodeRef, usize), Failure> {
        loop {
            let mut frame = self.socket.receive().await?;
            let bytes = frame.len();
            self.reader
                .decrypt_in_place_with_counter(self.received, &mut frame)
                .map_err(|_| Failure::Protocol("undecryptable frame"))?;
            self.received += 1;
            let Some(node) = stanza::read(frame) else {
                tracing::debug!(bytes, "a stanza that cannot be read is passed over");
                self.unreadable.take(bytes)?;
                continue;
            };
            return match stanza::end(&node) {
                Some(failure) => Err(failure),
                None => Ok((node, bytes)),
            };
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

/// How much may still be passed over.
struct Allowance {
    stanzas: u32,
    bytes: usize,
}

impl Allowance {
    fn of_one_answer() -> Self {
        Self { stanzas: MOST_PASSED_OVER, bytes: MOST_BYTES_PASSED_OVER }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Failure> {
        let left = self.stanzas.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        let (stanzas, bytes) = left.ok_or(Failure::Protocol("too much that nobody asked for"))?;
        *self = Self { stanzas, bytes };
        Ok(())
    }
}

/// `user[:device]@lid`, of digits: nothing else is kept.
fn is_lid(text: &str) -> bool {
    let is_number = |part: &str| {
        (1..=20).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.strip_suffix("@lid")
        .is_some_and(|user| user.split(':').count() <= 2 && user.split(':').all(is_number))
}
