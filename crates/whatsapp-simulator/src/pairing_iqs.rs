//! What a client asks before it is linked.

use wacore_binary::Node;

use crate::link_code_requests::{read_finish, read_hello};
use crate::pairing::Registering;
use crate::pairing_stanzas::{fresh_ref, hello_answer, pairing_notification};
use crate::script::{Moment, Reaction};
use crate::socket::Closed;
use crate::stanza::{iq_error, plain_error, result, stream_error, text, unrelated};

impl Registering {
    pub(crate) async fn answer(&mut self, iq: Node) -> Result<(), Closed> {
        let stage = iq
            .get_optional_child("link_code_companion_reg")
            .and_then(|registration| text(registration, "stage"));
        let moment = match stage.as_deref() {
            Some("companion_hello") => Moment::CompanionHello,
            Some("companion_finish") => Moment::CompanionFinish,
            _ => Moment::AnyIq,
        };
        match self.session.shared.take_fault(moment, None) {
            None => {}
            Some(Reaction::Silence) => return Ok(()),
            Some(Reaction::SilenceAfterApply) => {
                self.apply(moment, &iq);
                return Ok(());
            }
            Some(Reaction::DropAfterApply) => {
                self.apply(moment, &iq);
                return self.session.drop_connection();
            }
            Some(Reaction::Hold(handle)) => self.session.hold(&handle).await,
            Some(Reaction::Noise) => {
                for stanza in unrelated() {
                    self.session.send(stanza).await?;
                }
            }
            Some(Reaction::StreamError(kind)) => {
                return self.session.end_with(stream_error(kind)).await;
            }
            Some(Reaction::IqError { code, text, backoff }) => {
                return self.session.send(iq_error(&iq, code, &text, backoff)).await;
            }
            Some(Reaction::RawFrame(plaintext)) => {
                return self.session.send_plaintext(&plaintext).await;
            }
            Some(Reaction::RawBytes(raw)) => return self.session.send_bytes(raw).await,
            Some(Reaction::Notification(kind)) => {
                // The server demands something else first, so the phone is not told.
                self.finish = None;
                self.session.send(result(&iq, [])).await?;
                return self.session.send(pairing_notification(kind)).await;
            }
            Some(_) => return self.session.drop_connection(),
        }
        let reply = self.apply(moment, &iq);
        self.session.send(reply).await
    }

    fn apply(&mut self, moment: Moment, iq: &Node) -> Node {
        match moment {
            Moment::CompanionHello => self.companion_hello(iq),
            Moment::CompanionFinish => self.companion_finish(iq),
            // Pings and telemetry; a client that is no device has nothing else to ask.
            _ => result(iq, []),
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
