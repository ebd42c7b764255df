//! `leavectl history`: what was left, when, by which request; what is unresolved.

use std::fmt::Write;

use clap::Args;
use operator::history::Standing;
use serde::Serialize;

use crate::failure::Failure;
use crate::instance::Named;
use crate::narrow::{self, Limit};
use crate::output::{Columns, Format};
use crate::{json, moment, place};

/// Show what an instance left within 90 days, by which request, and what is unresolved
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl history acme sales\n  leavectl history acme sales --json | jq .unresolved"
)]
pub(crate) struct History {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    limit: Limit,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// Whose history this is.
    #[serde(flatten)]
    named: json::Named,
    /// How many groups were left within 90 days.
    left_count: usize,
    /// Those groups, the latest first; with `--limit`, the first of them.
    left: Vec<Left>,
    /// Leaves whose outcome is not known, the latest first.
    unresolved: Vec<Unresolved>,
}

/// A group that was left.
#[expect(clippy::struct_field_names, reason = "they are the names of what is printed")]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Left {
    /// Its JID.
    group_jid: String,
    /// `group`, `community`, `subgroup` or `announcement`.
    kind: String,
    /// When it was left, in UTC.
    left_at: String,
    /// By which request.
    request_id: String,
    /// Whether WhatsApp said so; otherwise a later look told that it was left.
    confirmed: bool,
    /// Whether the instance had another name then.
    moved: bool,
}

/// A leave whose outcome is not known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Unresolved {
    /// The group's JID.
    group_jid: String,
    /// When the leave was begun, in UTC.
    began_at: String,
    /// `under_way`, `lost` (the same leave again learns it) or `expired` (lost over 24 hours
    /// ago, and counts no more).
    outcome: &'static str,
}

impl History {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let mut history = place::operator().await?.history(&id).await?;
        let total = history.left.len();
        self.limit.cut(&mut history.left);
        let left = history.left.iter().map(|left| Left {
            group_jid: left.jid.to_string(),
            kind: left.kind.clone(),
            left_at: moment::shown(left.at),
            request_id: left.request_id.clone(),
            confirmed: left.confirmed,
            moved: left.moved,
        });
        let unresolved = history.unresolved.iter().map(|open| Unresolved {
            group_jid: open.jid.to_string(),
            began_at: moment::shown(open.at),
            outcome: open.state.name(),
        });
        let printed = Printed {
            named: json::Named::from(&id),
            left_count: total,
            left: left.collect(),
            unresolved: unresolved.collect(),
        };
        let mut columns = Columns::new(&["LEFT", "GROUP", "KIND", "REQUEST", "BY"]);
        for left in &history.left {
            let by = if left.confirmed { "WhatsApp's word" } else { "a later look" };
            let under = if left.moved { ", under another name" } else { "" };
            columns.row([
                moment::shown(left.at),
                left.jid.to_string(),
                left.kind.clone(),
                left.request_id.clone(),
                format!("{by}{under}"),
            ]);
        }
        let mut text = columns.text("Nothing was left within 90 days.");
        for open in &history.unresolved {
            let state = match open.state {
                Standing::UnderWay => "a run is at it",
                Standing::Lost => "its outcome was lost; the same leave again learns it",
                Standing::Expired => "its outcome was lost over 24 hours ago, and counts no more",
            };
            let since = moment::shown(open.at);
            let _ = write!(text, "\nUnresolved since {since}: {}, {state}", open.jid);
        }
        self.format.show(&printed, &text)?;
        narrow::tell(history.left.len(), total, "leave");
        Ok(())
    }
}
