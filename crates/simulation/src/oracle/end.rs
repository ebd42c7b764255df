//! The end: each group was asked once more, and nothing befell that; then nothing is left.

use super::answer::Told;
use super::{Answer, Oracle, Wrong};
use crate::world::{ANNOUNCEMENT, COMMUNITY, INSTANCES, World};

impl Oracle {
    /// The last request of an instance for a group: nothing befell it.
    pub(crate) fn ended(&self, world: &World, instance: usize, jid: &str) {
        let (.., phone) = INSTANCES[instance];
        let mut state = self.state();
        let Some(Answer::Told(Told { statuses, messages, .. })) =
            state.runs.last().and_then(|run| run.answer.clone())
        else {
            let what = "the last request has no answer".to_owned();
            state.wrong.get_or_insert(Wrong { label: "end", what });
            return;
        };
        let owns = state.facts(instance).owns.last() == Some(true);
        let is_in = world.chat.is_member(jid, phone);
        let is_right = match statuses[0] {
            200 | 404 => !is_in,
            403 => jid == ANNOUNCEMENT || (jid == COMMUNITY && owns),
            _ => false,
        };
        if !is_right {
            let what = format!("{jid}: {statuses:?} {messages:?}, member {is_in}");
            state.wrong.get_or_insert(Wrong { label: "end", what });
        }
    }

    /// Nothing is left in the table that a next request would have to heal.
    pub(crate) fn left_behind(&self, world: &World) {
        let items = world.dynamo.items();
        for item in items {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let (pk, sk) = (text("pk"), text("sk"));
            if !pk.starts_with("INSTANCE#") {
                continue;
            }
            let is_session = sk == "SESSION";
            let has_lease = is_session && item["lease_owner"]["S"].as_str().is_some();
            let intents = item["intents"]["M"].as_object().map_or(0, serde_json::Map::len);
            let jid = sk.strip_prefix("GROUP#").unwrap_or_default();
            let instance = INSTANCES
                .into_iter()
                .find(|(account, name, _)| pk == format!("INSTANCE#{account}#{name}"));
            let is_stale_row = !jid.is_empty()
                && instance.is_some_and(|(.., phone)| !world.chat.is_member(jid, phone));
            if has_lease || intents > 0 || is_stale_row {
                let label = if is_stale_row { "row-left" } else { "left-behind" };
                let what = format!("{pk} {sk}: {item}");
                self.state().wrong.get_or_insert(Wrong { label, what });
            }
        }
    }
}
