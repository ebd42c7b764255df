//! A group: whether we are in it, how it is named, what WhatsApp says of it, and what
//! a run has read of it.

/// Whether we are in the group, and if not, by whose act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Membership {
    /// We are in it.
    In,
    /// A leave of ours took us out.
    OutByUs,
    /// Somebody else did, or we never were in it.
    OutByOthers,
}

/// How the caller names the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// By its JID: the intent comes with the acquire, and no row means that the
    /// metadata is asked.
    Jid,
    /// By an invite: the JID is known once online, the intent is a write of its
    /// own, and without a row there is no evidence.
    Invite,
}

/// What was true when WhatsApp said "not a member"; only the properties look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    /// An earlier leave of ours did it, with evidence, and nobody has said so.
    Owed,
    /// The documented exception: [`crate::one_group::properties::nobody_can_tell`].
    Excused,
    /// Neither.
    Plain,
}

/// What a run has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Read {
    /// An earlier run's intent stood when the lease was taken.
    pub(crate) earlier: bool,
    /// There is evidence of membership.
    pub(crate) evidence: bool,
}
