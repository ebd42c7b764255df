//! What a scripted reaction makes of a session, where that is the same everywhere.

use wacore_binary::marshal::marshal;

use super::Session;
use crate::reaction::{PairSuccessFault, PairingNotification, Reaction};
use crate::socket::Closed;
use crate::stanza::{failure, stream_error, unrelated};

/// What is left of a reaction for the login, or for the step of a link, to carry out itself.
pub(crate) enum Rest {
    /// It goes on as usual.
    Nothing,
    DropAfterApply,
    SilenceAfterApply,
    SuccessWithoutLid,
    PairSuccess(PairSuccessFault),
    Notification(PairingNotification),
}

impl Session {
    /// Does what a scripted reaction asks for in place of a login or a step of a link, as far as
    /// that is the same at all of them.
    pub(crate) async fn misbehave(&mut self, reaction: Reaction) -> Result<Rest, Closed> {
        match reaction {
            Reaction::Hold(handle) => {
                self.hold(&handle).await;
                Ok(Rest::Nothing)
            }
            Reaction::Noise => {
                for stanza in unrelated() {
                    self.send(stanza).await?;
                }
                Ok(Rest::Nothing)
            }
            Reaction::Failure { reason, expire } => self.end_with(failure(reason, expire)).await,
            Reaction::StreamError(kind) => self.end_with(stream_error(kind)).await,
            Reaction::EndWith(stanza) => self.end_with(*stanza).await,
            Reaction::FramesFirst(plaintexts) => {
                for plaintext in plaintexts {
                    self.send_plaintext(&plaintext).await?;
                }
                Ok(Rest::Nothing)
            }
            Reaction::Chatter => self.chatter().await,
            Reaction::Pings => Err(self.ping_forever().await),
            Reaction::RawFrame(plaintext) => {
                self.send_plaintext(&plaintext).await?;
                self.ignore_until_closed().await
            }
            Reaction::RawBytes(bytes) => {
                self.send_bytes(bytes).await?;
                self.ignore_until_closed().await
            }
            Reaction::Silence => self.ignore_until_closed().await,
            Reaction::DropAfterApply => Ok(Rest::DropAfterApply),
            Reaction::SilenceAfterApply => Ok(Rest::SilenceAfterApply),
            Reaction::SuccessWithoutLid => Ok(Rest::SuccessWithoutLid),
            Reaction::PairSuccess(fault) => Ok(Rest::PairSuccess(fault)),
            Reaction::Notification(kind) => Ok(Rest::Notification(kind)),
            Reaction::Drop
            | Reaction::Certificate(_)
            | Reaction::IqError { .. }
            | Reaction::IqErrorWith(_)
            | Reaction::ThenStreamError(_)
            | Reaction::TargetError { .. }
            | Reaction::TargetErrorAfterApply { .. }
            | Reaction::TargetErrors(_)
            | Reaction::LeaveReply { .. }
            | Reaction::WrongDigest => self.drop_connection(),
        }
    }

    /// Unrelated stanzas until the client goes. Not noted: there is no end to them.
    pub(crate) async fn chatter<T>(&mut self) -> Result<T, Closed> {
        let stanzas = unrelated();
        loop {
            for stanza in &stanzas {
                let plaintext = marshal(stanza).map_err(|_| Closed)?;
                self.send_plaintext(&plaintext).await?;
            }
        }
    }

    pub(crate) async fn ping_forever(&mut self) -> Closed {
        self.socket.ping_forever().await
    }
}
