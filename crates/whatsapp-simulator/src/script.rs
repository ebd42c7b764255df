//! Failures on demand: which moment, and what the server does there.

use std::collections::VecDeque;

use wacore_binary::Node;

use crate::hold::HoldHandle;
use crate::reaction::{
    CertificateFault, LeaveReplyKind, PairSuccessFault, PairingNotification, StreamErrorKind,
};

/// One failure, used once. Faults for the same moment are used in the order they were scripted.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The device it is meant for (its JID), or any. Until a client has said who it is, at
    /// [`Moment::Connect`] and [`Moment::ClientHello`], only faults for any device are used.
    pub device: Option<String>,
    /// When it happens.
    pub moment: Moment,
    /// What happens. A reaction that makes no sense at its moment is never used, and stays in
    /// [`Simulator::unused_faults`](crate::Simulator::unused_faults).
    pub reaction: Reaction,
}

impl Fault {
    /// A fault for whichever device comes first.
    #[must_use]
    pub fn new(moment: Moment, reaction: Reaction) -> Self {
        Self { device: None, moment, reaction }
    }

    /// Narrows the fault to one device JID.
    #[must_use]
    pub fn for_device(mut self, jid: &str) -> Self {
        self.device = Some(jid.to_owned());
        self
    }
}

/// A point of the conversation where a fault can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// TCP accepted, before the WebSocket upgrade is answered.
    Connect,
    /// The client's first handshake message was read.
    ClientHello,
    /// The login payload was read.
    Login,
    /// An invite lookup was read.
    Invite,
    /// A metadata query was read.
    Metadata,
    /// A leave was read.
    Leave,
    /// A query for all groups of the account was read.
    Participating,
    /// A query for the number of pre-keys on the server was read.
    PreKeyCount,
    /// An upload of pre-keys was read.
    PreKeyUpload,
    /// A query for the digest of the key bundle was read.
    Digest,
    /// A passive session's request for its queue was read.
    Activate,
    /// A request to unlink a companion was read.
    Unlink,
    /// An IQ of any kind was read, all those with a moment of their own included.
    AnyIq,
    /// The payload of a client that wants to be linked was read.
    Registration,
    /// A waiting client has acknowledged its refs.
    PairDevice,
    /// A waiting client's `companion_hello` was read.
    CompanionHello,
    /// A waiting client's `companion_finish` was read.
    CompanionFinish,
    /// A phone has accepted the client, and `<pair-success>` is due.
    PairSuccess,
    /// The client's good reply to `<pair-success>` was read.
    PairDeviceSign,
}

impl Moment {
    fn is_iq(self) -> bool {
        match self {
            Self::Invite
            | Self::Metadata
            | Self::Leave
            | Self::Participating
            | Self::PreKeyCount
            | Self::PreKeyUpload
            | Self::Digest
            | Self::Activate
            | Self::Unlink
            | Self::AnyIq
            | Self::CompanionHello
            | Self::CompanionFinish => true,
            Self::Connect
            | Self::ClientHello
            | Self::Login
            | Self::Registration
            | Self::PairDevice
            | Self::PairSuccess
            | Self::PairDeviceSign => false,
        }
    }

    /// The stages of a link that are no request of the client.
    fn is_pairing(self) -> bool {
        matches!(
            self,
            Self::Registration | Self::PairDevice | Self::PairSuccess | Self::PairDeviceSign
        )
    }
}

/// What the server does instead of, or before, its usual answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reaction {
    /// Closes TCP without a word; nothing is applied.
    Drop,
    /// Applies the request, then closes without a reply.
    DropAfterApply,
    /// Applies nothing and never answers this one request.
    Silence,
    /// Applies the request and never answers it.
    SilenceAfterApply,
    /// Waits for the handle's release, then goes on as usual. The request counts as received: it
    /// is carried out on release even when the socket is gone by then.
    Hold(HoldHandle),
    /// At login or registration: `<failure reason=… [expire=…]/>`, then the end of the stream.
    Failure {
        /// The reason code, such as 401, 402, 405 or 503.
        reason: u16,
        /// Seconds until a temporary ban (402) ends.
        expire: Option<u64>,
    },
    /// A stream error instead of the answer, then the end of the stream.
    StreamError(StreamErrorKind),
    /// `<iq type="error">` instead of the result; nothing is applied.
    IqError {
        /// The error code.
        code: u16,
        /// The error's `text`.
        text: String,
        /// Seconds to stay away, as throttling sends them.
        backoff: Option<u32>,
    },
    /// At a leave: this code on every target; nothing is applied.
    TargetError {
        /// The code of each target.
        code: u16,
    },
    /// At a leave: this code on every target, although it was applied.
    TargetErrorAfterApply {
        /// The code of each target.
        code: u16,
    },
    /// At a leave: these codes, one for each target in order (0 says that it was left, as do
    /// targets beyond the list); nothing is applied.
    TargetErrors(Vec<u16>),
    /// At a leave: a reply that confirms nothing, or not this.
    LeaveReply {
        /// The shape of the reply.
        kind: LeaveReplyKind,
        /// Whether the leave is carried out.
        applied: bool,
    },
    /// A properly encrypted frame with this plaintext instead of the answer.
    RawFrame(Vec<u8>),
    /// These bytes instead of the answer: in a WebSocket message as they are, or on the bare TCP
    /// stream at [`Moment::Connect`].
    RawBytes(Vec<u8>),
    /// Properly encrypted frames with these plaintexts first, then the usual answer.
    FramesFirst(Vec<Vec<u8>>),
    /// This stanza instead of the answer, such as a `<failure>` with odd attributes, then the end
    /// of the stream.
    EndWith(Box<Node>),
    /// The usual answer, and right after it a stream error and the end of the stream.
    ThenStreamError(StreamErrorKind),
    /// `<iq type="error">` instead of the result, its `<error>` with these attributes.
    IqErrorWith(Vec<(&'static str, String)>),
    /// At login: `<success>` without the attribute that tells the client its LID.
    SuccessWithoutLid,
    /// Unrelated stanzas without an end, for as long as the client is there.
    Chatter,
    /// WebSocket pings without an end, whose pongs are never read.
    Pings,
    /// At the client hello: a certificate chain with one thing wrong.
    Certificate(CertificateFault),
    /// A few unrelated stanzas first, then the usual answer.
    Noise,
    /// At [`Moment::PairSuccess`]: one thing wrong with it.
    PairSuccess(PairSuccessFault),
    /// A notification: after `<pair-device>` at [`Moment::Registration`], after its
    /// acknowledgement at [`Moment::PairDevice`], and in place of going on at
    /// [`Moment::CompanionFinish`] (which is answered) and [`Moment::PairSuccess`].
    Notification(PairingNotification),
    /// At [`Moment::Digest`]: a hash that fits no keys.
    WrongDigest,
}

impl Reaction {
    fn fits(&self, moment: Moment) -> bool {
        match self {
            Self::Drop | Self::Silence | Self::Hold(_) | Self::RawBytes(_) => true,
            Self::Certificate(_) => moment == Moment::ClientHello,
            Self::Pings => matches!(moment, Moment::ClientHello | Moment::Login) || moment.is_iq(),
            Self::FramesFirst(_) | Self::EndWith(_) | Self::Chatter => {
                moment == Moment::Login || moment.is_iq()
            }
            Self::SuccessWithoutLid => moment == Moment::Login,
            Self::Failure { .. } => matches!(moment, Moment::Login | Moment::Registration),
            Self::StreamError(_) | Self::RawFrame(_) | Self::Noise => {
                moment == Moment::Login || moment.is_iq() || moment.is_pairing()
            }
            Self::DropAfterApply => {
                let applies = matches!(moment, Moment::PairSuccess | Moment::PairDeviceSign);
                moment == Moment::Login || moment.is_iq() || applies
            }
            Self::SilenceAfterApply => {
                matches!(moment, Moment::Login | Moment::PairDeviceSign) || moment.is_iq()
            }
            Self::PairSuccess(_) => moment == Moment::PairSuccess,
            Self::Notification(_) => matches!(
                moment,
                Moment::Registration
                    | Moment::PairDevice
                    | Moment::CompanionFinish
                    | Moment::PairSuccess
            ),
            Self::WrongDigest => moment == Moment::Digest,
            Self::IqError { .. } | Self::IqErrorWith(_) | Self::ThenStreamError(_) => {
                moment.is_iq()
            }
            Self::TargetError { .. }
            | Self::TargetErrorAfterApply { .. }
            | Self::TargetErrors(_)
            | Self::LeaveReply { .. } => moment == Moment::Leave,
        }
    }
}

/// The queue of faults.
#[derive(Debug, Default)]
pub(crate) struct Script(VecDeque<Fault>);

impl Script {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    pub(crate) fn unused(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// Takes the first fault for this moment and device.
    pub(crate) fn take(&mut self, moment: Moment, device: Option<&str>) -> Option<Reaction> {
        let index = self.0.iter().position(|fault| {
            let for_moment =
                fault.moment == moment || (fault.moment == Moment::AnyIq && moment.is_iq());
            let for_device = fault.device.is_none() || fault.device.as_deref() == device;
            for_moment && for_device && fault.reaction.fits(moment)
        })?;
        self.0.remove(index).map(|fault| fault.reaction)
    }
}
