//! Which instances and groups the demonstration has.

use domain::group::{Group, GroupJid, GroupKind};
use whatsapp_simulator::{NewGroup, Rank};

use super::parsed;
use crate::error::StackError;

/// The phone that owns the seeded groups.
const OWNER: &str = "5511988880000";

/// An instance of the demonstration.
pub(super) struct Instance {
    pub(super) name: &'static str,
    pub(super) phone: u64,
    pub(super) groups: &'static [SeedGroup],
}

/// A group that it is in.
pub(super) struct SeedGroup {
    jid: &'static str,
    pub(super) invite: &'static str,
    pub(super) subject: &'static str,
    kind: Kind,
}

enum Kind {
    Group,
    Community,
    Subgroup(&'static str),
    Announcement(&'static str),
}

const COMMUNITY: &str = "120363401000000010@g.us";

pub(super) const INSTANCES: [Instance; 2] = [
    Instance {
        name: "sales",
        phone: 5_511_999_990_001,
        groups: &[
            SeedGroup {
                jid: "120363406289005073@g.us",
                invite: "ABC123XYZ",
                subject: "Leads",
                kind: Kind::Group,
            },
            SeedGroup {
                jid: "120363401000000001@g.us",
                invite: "Sales0000000000000001A",
                subject: "Partners",
                kind: Kind::Group,
            },
            SeedGroup {
                jid: "5511999990000-1600000000@g.us",
                invite: "Sales0000000000000002A",
                subject: "Old friends",
                kind: Kind::Group,
            },
            SeedGroup {
                jid: COMMUNITY,
                invite: "Sales0000000000000010A",
                subject: "Neighbours",
                kind: Kind::Community,
            },
            SeedGroup {
                jid: "120363401000000011@g.us",
                invite: "Sales0000000000000011A",
                subject: "Neighbours",
                kind: Kind::Announcement(COMMUNITY),
            },
            SeedGroup {
                jid: "120363401000000012@g.us",
                invite: "Sales0000000000000012A",
                subject: "Garden",
                kind: Kind::Subgroup(COMMUNITY),
            },
        ],
    },
    Instance {
        name: "support",
        phone: 5_511_999_990_002,
        groups: &[
            SeedGroup {
                jid: "120363402000000001@g.us",
                invite: "Support00000000000001A",
                subject: "Questions",
                kind: Kind::Group,
            },
            SeedGroup {
                jid: "120363402000000002@g.us",
                invite: "Support00000000000002A",
                subject: "Night shift",
                kind: Kind::Group,
            },
        ],
    },
];

/// Its groups, as the roster has them.
pub(super) fn groups(seed: &Instance) -> Result<Vec<(Group, &'static SeedGroup)>, StackError> {
    let parent = |jid: &str| parsed::<GroupJid>(jid).map(Some);
    seed.groups
        .iter()
        .map(|group| {
            let kind = match group.kind {
                Kind::Group => GroupKind::Group,
                Kind::Community => GroupKind::Community,
                Kind::Subgroup(community) => GroupKind::Subgroup { parent: parent(community)? },
                Kind::Announcement(community) => {
                    GroupKind::Announcement { parent: parent(community)? }
                }
            };
            Ok((Group { jid: parsed(group.jid)?, kind }, group))
        })
        .collect()
}

/// A group with this phone in it, as WhatsApp has it.
pub(super) fn simulated(group: &SeedGroup, phone: u64) -> NewGroup {
    let kind = match group.kind {
        Kind::Group => whatsapp_simulator::GroupKind::Group,
        Kind::Community => whatsapp_simulator::GroupKind::Community,
        Kind::Subgroup(parent) => {
            whatsapp_simulator::GroupKind::Subgroup { parent: parent.to_owned() }
        }
        Kind::Announcement(parent) => {
            whatsapp_simulator::GroupKind::Announcement { parent: parent.to_owned() }
        }
    };
    NewGroup::new(group.subject)
        .jid(group.jid)
        .kind(kind)
        .member(OWNER, Rank::Superadmin)
        .member(&phone.to_string(), Rank::Member)
        .invite(group.invite)
}
