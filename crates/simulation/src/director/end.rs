//! The end of a world: nothing befalls anything any more.

use operator::instances::State;

use super::{DAY, Director};
use crate::machine::Machine;
use crate::steps::Ask;
use crate::tame;
use crate::world::{Broken, INSTANCES};

/// Past any lease that counts, also one of a clock that ran away.
const PAST_ANY_LEASE: i64 = 7 * 60 * 1_000;

impl Director {
    /// Nothing befalls anything any more: each group is asked once, and nothing is left.
    pub(super) async fn end(&mut self) -> Result<(), Broken> {
        self.disturb(false);
        self.trace.note(|| "the end".to_owned());
        let behind = self.latest.saturating_sub(tame::world_now());
        self.move_clocks(PAST_ANY_LEASE + i64::try_from(behind).unwrap_or_default());
        if self.is_crowded {
            // Those count no more, not even after a ban, and what is asked now tidies them.
            self.move_clocks(8 * DAY + DAY / 24);
        }
        self.environments.clear();
        self.start(0).await?;
        for (instance, (.., phone)) in INSTANCES.into_iter().enumerate() {
            let hands = self.hands(instance, &Machine::new(0, 0))?;
            let operator = hands.operator();
            let visit = self.oracle.visit(instance, None);
            if let Ok(Some(block)) = operator.block(hands.id()).await {
                let _ = operator.unblock(hands.id(), block).await;
            }
            let devices = self.world.chat.phone(phone).companions();
            let found = operator.instance(hands.id()).await;
            let works = found.is_ok_and(|found| {
                found.summary.state == State::Linked
                    && found.summary.device.is_some_and(|device| devices.contains(&device))
            });
            if !works {
                let linked = hands.link().await;
                self.trace.note(|| format!("    linked again: {linked:?}"));
            }
            self.oracle.visited(visit, None, true);
            let all = crate::world::groups().map(|it| it.0).chain([crate::world::NOWHERE]);
            for jid in all {
                self.leave(&Ask::plain(instance, jid)).await?;
                self.come_to_rest().await;
                if self.oracle.wrong().is_some() {
                    return Ok(());
                }
                self.oracle.ended(&self.world, instance, jid);
            }
        }
        self.oracle.left_behind(&self.world);
        self.oracle.look_at_history(&self.world);
        Ok(())
    }
}
