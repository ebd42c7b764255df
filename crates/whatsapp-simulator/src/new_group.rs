//! A group as a test describes it before it exists.

use crate::world::{GroupKind, Rank};

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its JID; a free one is chosen when absent.
    pub jid: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its description, shown where a client asks for descriptions.
    pub description: Option<String>,
    /// What it is to a community.
    pub kind: GroupKind,
    /// Whether members are addressed by LID rather than by phone number.
    pub lid_addressed: bool,
    /// Whether members are shown by their LIDs alone, without phone numbers.
    pub hides_numbers: bool,
    /// Members by phone number. The first superadmin, or else the first member, is the creator.
    pub members: Vec<(String, Rank)>,
    /// A live invite code for it.
    pub invite: Option<String>,
}

impl NewGroup {
    /// A plain, empty group.
    #[must_use]
    pub fn new(subject: &str) -> Self {
        Self {
            jid: None,
            subject: subject.to_owned(),
            description: None,
            kind: GroupKind::Group,
            lid_addressed: false,
            hides_numbers: false,
            members: Vec::new(),
            invite: None,
        }
    }

    /// Chooses the JID.
    #[must_use]
    pub fn jid(mut self, jid: &str) -> Self {
        self.jid = Some(jid.to_owned());
        self
    }

    /// Gives it a description.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.description = Some(text.to_owned());
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn kind(mut self, kind: GroupKind) -> Self {
        self.kind = kind;
        self
    }

    /// Addresses members by LID.
    #[must_use]
    pub fn lid_addressed(mut self) -> Self {
        self.lid_addressed = true;
        self
    }

    /// Addresses members by LID, and shows no phone numbers.
    #[must_use]
    pub fn lids_only(mut self) -> Self {
        self.hides_numbers = true;
        self.lid_addressed()
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, phone: &str, rank: Rank) -> Self {
        self.members.push((phone.to_owned(), rank));
        self
    }

    /// Gives it a live invite code.
    #[must_use]
    pub fn invite(mut self, code: &str) -> Self {
        self.invite = Some(code.to_owned());
        self
    }
}
