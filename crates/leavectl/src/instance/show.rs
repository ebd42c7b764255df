//! `leavectl instance show`.

use clap::Args;
use domain::block::BlockReason;
use serde_json::json;

use super::{Named, as_json, state};
use crate::failure::Failure;
use crate::output::{Format, printable};
use crate::{moment, place, token};

/// Show everything about an instance that is no secret
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl instance show acme sales")]
pub(crate) struct Show {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let details = place::operator().await?.instance(&self.named.id()).await?;
        let summary = &details.summary;
        let reason = |reason| match reason {
            BlockReason::Throttled => "throttled",
            BlockReason::Banned => "banned",
        };
        let mut value = as_json(summary);
        let more = json!({
            "lid": details.lid,
            "keyId": details.key_id,
            "seenAt": details.seen.map(moment::shown),
            "checkDueAt": details.due.map(moment::shown),
            "blocked": details.blocked.map(|(why, until)| {
                json!({"reason": reason(why), "until": moment::shown(until)})
            }),
            "firstLoginEnded": !details.is_unfinished,
            "leasedUntil": details.leased_until.map(moment::shown),
            "groups": details.groups,
            "left": details.left,
            "unresolved": details.unresolved,
            "tokens": details.tokens.iter().map(token::as_json).collect::<Vec<_>>(),
        });
        if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
            value.extend(more.clone());
        }
        let mut lines = vec![
            format!("Instance   {}", summary.id),
            format!("State      {}", state(summary)),
            format!("JID        {}", summary.device.as_deref().unwrap_or("-")),
            format!("LID        {}", details.lid.as_deref().unwrap_or("-")),
            format!("Data key   {}", details.key_id.as_deref().unwrap_or("-")),
            format!("Created    {}", moment::or_dash(summary.created)),
            format!("Linked     {}", moment::or_dash(summary.linked)),
            format!("Seen       {}", moment::or_dash(details.seen)),
            format!(
                "Checked    {} {}",
                moment::or_dash(summary.checked),
                summary.check_result.as_deref().unwrap_or_default()
            ),
            format!("Next check {}", moment::or_dash(details.due)),
            format!("Groups     {}", details.groups),
            format!("Left       {}, and {} unresolved", details.left, details.unresolved),
        ];
        if let Some((why, until)) = details.blocked {
            lines.push(format!("Blocked    {} until {}", reason(why), moment::shown(until)));
        }
        if details.is_unfinished {
            lines.push(format!(
                "Unfinished its first login: `leavectl instance link {} {} --resume`",
                summary.id.account, summary.id.name
            ));
        }
        if let Some(until) = details.leased_until {
            lines.push(format!("Busy       until {} at the latest", moment::shown(until)));
        }
        for token in &details.tokens {
            let note = printable(token.note.as_deref().unwrap_or_default());
            lines.push(format!("Token      {} {note}", token.id));
        }
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        self.format.show(&value, &lines.join("\n"))
    }
}
