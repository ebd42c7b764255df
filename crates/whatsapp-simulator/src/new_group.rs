//! A group as a test describes it before it exists, and the making of it.

use crate::clock::unix_now;
use crate::world::{Group, GroupKind, Rank, World, digits};

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its JID; a free one is chosen when absent.
    jid: Option<String>,
    /// Its subject.
    subject: String,
    /// Its description, shown where a client asks for descriptions.
    description: Option<String>,
    /// What it is to a community.
    kind: GroupKind,
    /// Whether members are addressed by LID rather than by phone number.
    lid_addressed: bool,
    /// Whether members are shown by their LIDs alone, without phone numbers.
    hides_numbers: bool,
    /// Members by phone number. The first superadmin, or else the first member, is the creator.
    members: Vec<(String, Rank)>,
    /// A live invite code for it.
    invite: Option<String>,
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

impl World {
    /// Makes a group and returns its JID.
    pub(crate) fn create_group(&mut self, new: NewGroup) -> String {
        let jid = new.jid.unwrap_or_else(|| format!("1203634{}@g.us", digits(11)));
        for (phone, _) in &new.members {
            self.account(phone);
        }
        let creator = new
            .members
            .iter()
            .find(|(_, rank)| *rank == Rank::Superadmin)
            .or_else(|| new.members.first())
            .map(|(phone, _)| phone.clone());
        self.groups.insert(
            jid.clone(),
            Group {
                subject: new.subject,
                description: new.description,
                kind: new.kind,
                lid_addressed: new.lid_addressed,
                hides_numbers: new.hides_numbers,
                created: unix_now(),
                creator,
                members: new.members.into_iter().collect(),
            },
        );
        if let Some(code) = new.invite {
            self.add_invite(code, &jid);
        }
        jid
    }
}
