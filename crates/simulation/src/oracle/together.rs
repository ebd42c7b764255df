//! What no single run shows: sockets, acknowledgements, and leaves that nobody asked for.

use whatsapp_simulator::Record;

use super::run::Run;
use super::{Cause, State, Wrong};
use crate::world::INSTANCES;

impl State {
    /// Whether all that happened so far could be.
    pub(super) fn judged_together(&self, record: &Record) -> Option<Wrong> {
        let wrong = |label, what: String| Some(Wrong { label, what });
        if let Some(overlap) = record.overlaps.iter().find(|overlap| !overlap.ended_by_replaced) {
            return wrong("sockets", format!("{overlap:?}"));
        }
        let acknowledged = record.stanzas.iter().find(|stanza| {
            stanza.is_acknowledgement() && !self.linking.contains(&stanza.connection)
        });
        if let Some(stanza) = acknowledged {
            return wrong("acks", format!("{stanza:?}"));
        }
        let strange = self.changes.iter().find(|change| match change.cause {
            Cause::Left(connection) => !self.runs.iter().any(|run| {
                run.phone() == change.phone && run.seen.connections.contains(&connection)
            }),
            Cause::Removed | Cause::Joined => false,
        });
        strange.and_then(|change| wrong("not-asked", format!("by no run of its own: {change:?}")))
    }

    /// Whether the run went the way that its instance has.
    pub(super) fn judged_by_way(&self, run: &Run) -> Option<Wrong> {
        let proxied = self.facts(run.instance).proxied;
        // Runs of several instances at once share what was seen of them.
        if run.is_queued {
            return None;
        }
        let strayed = run
            .seen
            .proxied
            .iter()
            .find(|through| proxied.was_only(Some(!**through), run.began, run.ended))?;
        let (account, name, _) = INSTANCES[run.instance];
        let what = format!("{account}/{name} dialled, through its proxy: {strayed}");
        Some(Wrong { label: "proxy", what })
    }
}
