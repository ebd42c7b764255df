//! What the server does on demand, and the kinds that some of it comes in.

use wacore_binary::Node;

use crate::hold::HoldHandle;
use crate::moment::{Moment, Stage};

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

/// What is done before the client can be sent a stanza.
pub(crate) enum Early {
    Drop,
    Silence,
    Hold(HoldHandle),
    RawBytes(Vec<u8>),
    Certificate(CertificateFault),
    Pings,
}

impl Reaction {
    /// As it is carried out before the client can be sent a stanza.
    pub(crate) fn early(self) -> Early {
        match self {
            Self::Silence => Early::Silence,
            Self::Hold(handle) => Early::Hold(handle),
            Self::RawBytes(bytes) => Early::RawBytes(bytes),
            Self::Certificate(fault) => Early::Certificate(fault),
            Self::Pings => Early::Pings,
            Self::Drop
            | Self::DropAfterApply
            | Self::SilenceAfterApply
            | Self::Failure { .. }
            | Self::StreamError(_)
            | Self::IqError { .. }
            | Self::TargetError { .. }
            | Self::TargetErrorAfterApply { .. }
            | Self::TargetErrors(_)
            | Self::LeaveReply { .. }
            | Self::RawFrame(_)
            | Self::FramesFirst(_)
            | Self::EndWith(_)
            | Self::ThenStreamError(_)
            | Self::IqErrorWith(_)
            | Self::SuccessWithoutLid
            | Self::Chatter
            | Self::Noise
            | Self::PairSuccess(_)
            | Self::Notification(_)
            | Self::WrongDigest => Early::Drop,
        }
    }

    /// Whether it makes sense at a moment.
    pub(crate) fn fits(&self, moment: Moment) -> bool {
        let stage = moment.stage();
        match self {
            Self::Drop | Self::Silence | Self::Hold(_) | Self::RawBytes(_) => true,
            Self::Certificate(_) => moment == Moment::ClientHello,
            Self::Pings => {
                moment == Moment::ClientHello || matches!(stage, Stage::Login | Stage::Iq)
            }
            Self::FramesFirst(_) | Self::EndWith(_) | Self::Chatter => {
                matches!(stage, Stage::Login | Stage::Iq)
            }
            Self::SuccessWithoutLid => moment == Moment::Login,
            Self::Failure { .. } => matches!(moment, Moment::Login | Moment::Registration),
            Self::StreamError(_) | Self::RawFrame(_) | Self::Noise => stage != Stage::Handshake,
            Self::DropAfterApply => {
                let applies = matches!(moment, Moment::PairSuccess | Moment::PairDeviceSign);
                matches!(stage, Stage::Login | Stage::Iq) || applies
            }
            Self::SilenceAfterApply => {
                matches!(stage, Stage::Login | Stage::Iq) || moment == Moment::PairDeviceSign
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
                stage == Stage::Iq
            }
            Self::TargetError { .. }
            | Self::TargetErrorAfterApply { .. }
            | Self::TargetErrors(_)
            | Self::LeaveReply { .. } => moment == Moment::Leave,
        }
    }
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamErrorKind {
    /// `<conflict type="replaced"/>`: somebody else opened this session.
    Replaced,
    /// `<conflict type="device_removed"/>`: logged out.
    DeviceRemoved,
    /// `<stream:error code="…"/>`, such as 515 or 516.
    Code(u16),
    /// `<xmlstreamend/>`.
    XmlStreamEnd,
}

/// A leave reply that a client must not take for success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReplyKind {
    /// `<leave/>` without a target.
    Empty,
    /// A result without `<leave>`.
    MissingLeave,
    /// A success for another group only.
    OtherTarget,
    /// A good reply under another IQ id, then nothing.
    OtherId,
    /// The good reply, twice.
    Twice,
    /// A good reply whose targets have another tag.
    WrongTag,
}

/// What is wrong with a `<pair-success>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairSuccessFault {
    /// The HMAC is for another ADV secret.
    Hmac,
    /// The account signature is by a stranger.
    AccountSignature,
    /// The identity is not decodable.
    Garbled,
    /// There is no `<device-identity>`.
    NoIdentity,
    /// There is no `<device>`.
    NoDevice,
    /// The identity has no key index.
    NoKeyIndex,
}

/// A notification to a client that is not linked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingNotification {
    /// The ADV secret is retired: the client has to make another one.
    CompanionRegRefresh,
    /// The account demands a passkey.
    PasskeyPrologueRequest,
    /// The second step of linking by passkey.
    CrscContinuation,
}

/// What is wrong with the certificate chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// The intermediate is signed by a stranger instead of the root.
    RootSignature,
    /// The leaf is signed by a stranger instead of the intermediate.
    LeafSignature,
    /// The intermediate names an issuer other than the root (serial 0).
    IntermediateIssuerSerial,
    /// The leaf names an issuer other than the intermediate.
    LeafIssuerSerial,
    /// The leaf is for another key than the server's static key.
    LeafKey,
    /// The leaf ended yesterday.
    Expired,
    /// The leaf begins tomorrow.
    NotYetValid,
    /// There is no intermediate.
    MissingIntermediate,
}
