//! Answers to IQs, as they should be and as the script wants them.

use wacore_binary::Node;

use crate::departure::Departure;
use crate::moment::Moment;
use crate::queries::{self, Answer, leave_reply, leave_reply_with, odd_leave_replies};
use crate::reaction::Reaction;
use crate::session::Session;
use crate::socket::Closed;
use crate::stanza::{iq_error, iq_error_with, result, stream_error, unrelated};

impl Session {
    pub(crate) async fn answer(&mut self, iq: Node) -> Result<(), Closed> {
        let moment = queries::moment(&iq);
        let Some(reaction) = self.shared.take_fault(moment, Some(&self.device)) else {
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
                self.drop_connection()
            }
            Reaction::Hold(handle) => {
                self.hold(&handle).await;
                self.answer_plainly(&iq).await
            }
            Reaction::Noise => {
                for stanza in unrelated() {
                    self.send(stanza).await?;
                }
                self.answer_plainly(&iq).await
            }
            Reaction::StreamError(kind) => self.end_with(stream_error(kind)).await,
            Reaction::EndWith(stanza) => self.end_with(*stanza).await,
            Reaction::ThenStreamError(kind) => {
                self.answer_plainly(&iq).await?;
                self.end_with(stream_error(kind)).await
            }
            Reaction::FramesFirst(plaintexts) => {
                for plaintext in plaintexts {
                    self.send_plaintext(&plaintext).await?;
                }
                self.answer_plainly(&iq).await
            }
            Reaction::Chatter => self.chatter().await,
            Reaction::Pings => Err(self.ping_forever().await),
            Reaction::IqErrorWith(attributes) => self.send(iq_error_with(&iq, attributes)).await,
            Reaction::IqError { code, text, backoff } => {
                self.send(iq_error(&iq, code, &text, backoff)).await
            }
            Reaction::TargetError { code } => self.send(leave_reply(&iq, Some(code))).await,
            Reaction::TargetErrors(codes) => self.send(leave_reply_with(&iq, &codes)).await,
            Reaction::TargetErrorAfterApply { code } => {
                self.apply(&iq);
                self.send(leave_reply(&iq, Some(code))).await
            }
            Reaction::LeaveReply { kind, applied } => {
                if applied {
                    self.apply(&iq);
                }
                for reply in odd_leave_replies(&iq, kind) {
                    self.send(reply).await?;
                }
                Ok(())
            }
            Reaction::RawFrame(plaintext) => self.send_plaintext(&plaintext).await,
            Reaction::RawBytes(bytes) => self.send_bytes(bytes).await,
            Reaction::WrongDigest => self.answer_with_wrong_digest(&iq).await,
            Reaction::Drop
            | Reaction::Failure { .. }
            | Reaction::Certificate(_)
            | Reaction::PairSuccess(_)
            | Reaction::SuccessWithoutLid
            | Reaction::Notification(_) => self.drop_connection(),
        }
    }

    async fn answer_plainly(&mut self, iq: &Node) -> Result<(), Closed> {
        let answer = self.apply(iq);
        self.send(answer.reply).await?;
        if let Some(device) = answer.unlinked {
            self.shared.throw_out(&device);
        }
        if answer.activates {
            self.activate().await?;
        }
        Ok(())
    }

    fn apply(&self, iq: &Node) -> Answer {
        let mut state = self.shared.state();
        let watcher = state.departures.clone().filter(|_| queries::moment(iq) == Moment::Leave);
        let before = watcher.is_some().then(|| state.world.groups_of(&self.phone));
        let answer = queries::answer(&mut state.world, &self.device, &self.phone, iq);
        let after = before.is_some().then(|| state.world.groups_of(&self.phone));
        drop(state);
        if let (Some(watcher), Some(before), Some(after)) = (watcher, before, after) {
            for group in before.difference(&after) {
                watcher(Departure {
                    connection: self.connection,
                    phone: self.phone.clone(),
                    group: group.clone(),
                });
            }
        }
        if answer.changed {
            self.shared.changed();
        }
        answer
    }

    async fn answer_with_wrong_digest(&mut self, iq: &Node) -> Result<(), Closed> {
        let digest = {
            let state = self.shared.state();
            let device = state.world.devices.get(&self.device);
            device.and_then(|device| device.bundle.as_ref()).map(|bundle| bundle.digest(true))
        };
        match digest {
            Some(digest) => self.send(result(iq, [digest])).await,
            None => self.answer_plainly(iq).await,
        }
    }
}
