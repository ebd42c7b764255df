//! What a client asks before it is linked.

use wacore_binary::Node;

use crate::link_code_requests::{read_finish, read_hello};
use crate::moment::Moment;
use crate::pairing::Registering;
use crate::pairing_stanzas::{fresh_ref, hello_answer, pairing_notification};
use crate::reaction::Reaction;
use crate::socket::Closed;
use crate::stanza::{iq_error, iq_error_with, plain_error, result, stream_error, text, unrelated};

/// What a client that is no device yet asks for.
#[derive(Clone, Copy)]
enum Asked {
    Hello,
    Finish,
    /// Pings and telemetry; a client that is no device has nothing else to ask.
    Else,
}

impl Asked {
    fn of(iq: &Node) -> Self {
        let stage = iq
            .get_optional_child("link_code_companion_reg")
            .and_then(|registration| text(registration, "stage"));
        match stage.as_deref() {
            Some("companion_hello") => Self::Hello,
            Some("companion_finish") => Self::Finish,
            Some(_) | None => Self::Else,
        }
    }

    fn moment(self) -> Moment {
        match self {
            Self::Hello => Moment::CompanionHello,
            Self::Finish => Moment::CompanionFinish,
            Self::Else => Moment::AnyIq,
        }
    }
}

impl Registering {
    pub(crate) async fn answer(&mut self, iq: Node) -> Result<(), Closed> {
        let Some(reaction) = self.session.shared.take_fault(Asked::of(&iq).moment(), None) else {
            return self.answer_plainly(&iq).await;
        };
        match reaction {
            Reaction::Silence => Ok(()),
            Reaction::SilenceAfterApply => {
                self.apply(&iq);
                Ok(())
            }
            Reaction::DropAfterApply => {
                self.apply(&iq);
                self.session.drop_connection()
            }
            Reaction::Hold(handle) => {
                self.session.hold(&handle).await;
                self.answer_plainly(&iq).await
            }
            Reaction::Noise => {
                for stanza in unrelated() {
                    self.session.send(stanza).await?;
                }
                self.answer_plainly(&iq).await
            }
            Reaction::StreamError(kind) => self.session.end_with(stream_error(kind)).await,
            Reaction::EndWith(stanza) => self.session.end_with(*stanza).await,
            Reaction::ThenStreamError(kind) => {
                self.answer_plainly(&iq).await?;
                self.session.end_with(stream_error(kind)).await
            }
            Reaction::FramesFirst(plaintexts) => {
                for plaintext in plaintexts {
                    self.session.send_plaintext(&plaintext).await?;
                }
                self.answer_plainly(&iq).await
            }
            Reaction::Chatter => self.session.chatter().await,
            Reaction::Pings => Err(self.session.ping_forever().await),
            Reaction::IqErrorWith(attributes) => {
                self.session.send(iq_error_with(&iq, attributes)).await
            }
            Reaction::IqError { code, text, backoff } => {
                self.session.send(iq_error(&iq, code, &text, backoff)).await
            }
            Reaction::RawFrame(plaintext) => self.session.send_plaintext(&plaintext).await,
            Reaction::RawBytes(raw) => self.session.send_bytes(raw).await,
            Reaction::Notification(kind) => {
                // The server demands something else first, so the phone is not told.
                self.finish = None;
                self.session.send(result(&iq, [])).await?;
                self.session.send(pairing_notification(kind)).await
            }
            Reaction::Drop
            | Reaction::Failure { .. }
            | Reaction::Certificate(_)
            | Reaction::PairSuccess(_)
            | Reaction::SuccessWithoutLid
            | Reaction::TargetError { .. }
            | Reaction::TargetErrorAfterApply { .. }
            | Reaction::TargetErrors(_)
            | Reaction::LeaveReply { .. }
            | Reaction::WrongDigest => self.session.drop_connection(),
        }
    }

    async fn answer_plainly(&mut self, iq: &Node) -> Result<(), Closed> {
        let reply = self.apply(iq);
        self.session.send(reply).await
    }

    fn apply(&mut self, iq: &Node) -> Node {
        match Asked::of(iq) {
            Asked::Hello => self.companion_hello(iq),
            Asked::Finish => self.companion_finish(iq),
            Asked::Else => result(iq, []),
        }
    }

    fn companion_hello(&mut self, iq: &Node) -> Node {
        let Some((mut hello, request)) = read_hello(iq, &self.registration.noise_public_key) else {
            return plain_error(iq, 400);
        };
        hello.pairing_ref = fresh_ref().into_bytes();
        let answer = hello_answer(iq, &hello.pairing_ref);
        self.finish = None;
        self.note(|pairing| pairing.hellos.push(request));
        if let Some(waiting) = self.session.shared.state().waiting.get_mut(self.connection) {
            waiting.hello = Some(hello);
        }
        self.session.shared.changed();
        answer
    }

    fn companion_finish(&mut self, iq: &Node) -> Node {
        let pairing_ref = {
            let state = self.session.shared.state();
            let hello = state.waiting.get(self.connection).and_then(|w| w.hello.clone());
            hello.map(|hello| hello.pairing_ref)
        };
        match (pairing_ref.and_then(|known| read_finish(iq, &known)), self.finish.take()) {
            (Some(finish), Some(phone)) => {
                self.note(|pairing| pairing.finishes += 1);
                let _ = phone.send(finish);
                result(iq, [])
            }
            _ => plain_error(iq, 400),
        }
    }
}
