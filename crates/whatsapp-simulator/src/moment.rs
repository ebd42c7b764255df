//! The points of a conversation where something can be made to happen.

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

/// How far a client has come at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing can be sent to it as a stanza yet.
    Handshake,
    /// It has said which device it is.
    Login,
    /// It waits for the answer to an IQ.
    Iq,
    /// A step of a link that is no request of the client.
    Pairing,
}

impl Moment {
    pub(crate) fn stage(self) -> Stage {
        match self {
            Self::Connect | Self::ClientHello => Stage::Handshake,
            Self::Login => Stage::Login,
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
            | Self::CompanionFinish => Stage::Iq,
            Self::Registration | Self::PairDevice | Self::PairSuccess | Self::PairDeviceSign => {
                Stage::Pairing
            }
        }
    }
}
