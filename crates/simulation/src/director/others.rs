//! What others do at WhatsApp, and how clocks move.

use whatsapp_simulator::{GroupKind, Rank};

use super::Director;
use crate::steps::Other;
use crate::world::{COMMUNITY, INSTANCES, groups};

/// Messages that somebody writes at a time.
const MESSAGES: usize = 3;

impl Director {
    pub(super) fn others(&self, instance: usize, group: &str, other: Other) {
        let (.., phone) = INSTANCES[instance];
        let chat = &self.world.chat;
        let is_member = chat.is_member(group, phone);
        match other {
            Other::Add if !is_member => {
                chat.add_member(group, phone);
                self.oracle.joined(phone, group);
                if group == COMMUNITY {
                    self.oracle.owns(instance, false);
                }
            }
            Other::Remove if is_member => {
                chat.remove_member(group, phone);
                self.oracle.removed(phone, group);
            }
            Other::Rank(rank) if is_member => {
                chat.set_rank(group, phone, rank);
                if group == COMMUNITY {
                    self.oracle.owns(instance, rank == Rank::Superadmin);
                }
            }
            Other::Attach(true) => {
                chat.set_kind(group, GroupKind::Subgroup { parent: COMMUNITY.to_owned() });
            }
            Other::Attach(false) => chat.set_kind(group, GroupKind::Group),
            Other::RevokeInvite => {
                if let Some((_, code)) = groups().find(|(jid, _)| *jid == group) {
                    chat.revoke_invite(&code);
                    self.oracle.invite_revoked(group);
                }
            }
            Other::Unlink => {
                for device in chat.phone(phone).companions() {
                    chat.unlink_device(&device);
                }
                self.oracle.unlinked(instance);
            }
            Other::Write => {
                for device in chat.phone(phone).companions() {
                    chat.queue_offline(&device, MESSAGES);
                }
            }
            Other::Add | Other::Remove | Other::Rank(_) => return,
        }
        self.oracle.did(match other {
            Other::Add => "others add",
            Other::Remove => "others remove",
            Other::Rank(_) => "others give a rank",
            Other::Attach(_) => "others change a kind",
            Other::RevokeInvite => "others revoke an invite",
            Other::Unlink => "others unlink",
            Other::Write => "others write",
        });
    }
}
