//! The kinds that some reactions come in.

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
