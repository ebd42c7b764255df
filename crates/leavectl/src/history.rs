//! `leavectl history`: what was left, when, by which request; what is unresolved.

use std::fmt::Write;

use clap::Args;
use operator::history::Standing;
use serde_json::json;

use crate::failure::Failure;
use crate::instance::Named;
use crate::output::{Columns, Format};
use crate::{moment, place};

/// Show what an instance left within 90 days, by which request, and what is unresolved
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl history acme sales\n  leavectl history acme sales --json | jq .unresolved"
)]
pub(crate) struct History {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

impl History {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let history = place::operator().await?.history(&id).await?;
        let left: Vec<_> = history
            .left
            .iter()
            .map(|left| {
                json!({
                    "jid": left.jid.as_str(),
                    "kind": left.kind,
                    "at": moment::shown(left.at),
                    "requestId": left.request_id,
                    "confirmed": left.confirmed,
                    "moved": left.moved,
                })
            })
            .collect();
        let unresolved: Vec<_> = history
            .unresolved
            .iter()
            .map(|open| {
                json!({
                    "jid": open.jid.as_str(),
                    "at": moment::shown(open.at),
                    "state": open.state.name(),
                })
            })
            .collect();
        let value = json!({
            "account": id.account.as_str(),
            "instance": id.name.as_str(),
            "left": left,
            "unresolved": unresolved,
        });
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
        self.format.show(&value, &text)
    }
}
