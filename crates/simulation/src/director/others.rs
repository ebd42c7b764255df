//! What others do at WhatsApp, and how clocks move.

use whatsapp_simulator::{GroupKind, Rank};

use super::Director;
use crate::machine::Machine;
use crate::stand::{Stand, partition};
use crate::steps::Other;
use crate::tame;
use crate::world::{Broken, COMMUNITY, INSTANCES, groups};

/// A group that no request names.
fn crowd_group(number: usize) -> String {
    format!("1203634990000{number:05}@g.us")
}

/// Messages that somebody writes at a time.
const MESSAGES: usize = 3;

/// How long ago a leave counted last that counts no more, in milliseconds.
const LONG_AGO: u64 = 25 * 60 * 60 * 1_000;
/// Most that are written at once: an expression is at most 4 KB.
const AT_ONCE: usize = 50;

impl Director {
    /// Leaves of other groups get no outcome, as if as many runs had crashed.
    pub(super) async fn crowd(&mut self, instance: usize, open: usize, ended: usize) {
        self.come_to_rest().await;
        let now = tame::world_now();
        let room = 100_usize.saturating_sub(Stand::of_open(&self.world, instance).open());
        let open = (0..open.min(room)).map(|number| (number, now));
        let ended = (0..ended).map(|number| (500 + number, now.saturating_sub(LONG_AGO)));
        let all: Vec<(usize, u64)> = open.chain(ended).collect();
        for some in all.chunks(AT_ONCE) {
            let groups = some.iter().map(|(number, at)| (crowd_group(*number), *at));
            self.world.dynamo.plant_intents(&partition(instance), &groups.collect::<Vec<_>>());
        }
        self.is_crowded = true;
        self.oracle.crowded(instance);
    }

    pub(super) fn others(
        &mut self,
        instance: usize,
        group: &str,
        other: Other,
    ) -> Result<(), Broken> {
        let (.., phone) = INSTANCES[instance];
        let chat = self.world.chat.clone();
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
            Other::Program => {
                let hands = self.hands(instance, &Machine::new(u64::MAX, 0))?;
                let (oracle, visit) = (self.oracle.clone(), self.oracle.visit(instance, None));
                self.under_way.push(tokio::spawn(async move {
                    hands.intrude().await;
                    oracle.visited(visit, None, true);
                }));
            }
            Other::Add | Other::Remove | Other::Rank(_) => return Ok(()),
        }
        self.oracle.did(match other {
            Other::Add => "others add",
            Other::Remove => "others remove",
            Other::Rank(_) => "others give a rank",
            Other::Attach(_) => "others change a kind",
            Other::RevokeInvite => "others revoke an invite",
            Other::Unlink => "others unlink",
            Other::Write => "others write",
            Other::Program => "another program logs in",
        });
        Ok(())
    }
}
