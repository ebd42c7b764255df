//! `leavectl instance show`.

use clap::Args;
use operator::instances::InstanceDetails;
use operator::shell;
use serde::Serialize;

use super::{Named, state};
use crate::failure::Failure;
use crate::output::{Format, printable};
use crate::{json, moment, place};

/// Show everything about an instance that is no secret
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl instance show acme sales")]
pub(crate) struct Show {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// What a list shows of it.
    #[serde(flatten)]
    listed: json::Instance,
    /// Its device's LID.
    lid: Option<String>,
    /// The data key that its credentials are sealed with.
    key_id: Option<String>,
    /// When it was online last, in UTC.
    seen_at: Option<String>,
    /// When its next check is due, in UTC.
    check_due_at: Option<String>,
    /// For how long WhatsApp does not listen to it.
    blocked: Option<json::Block>,
    /// Whether its device's first login came to its end.
    first_login_ended: bool,
    /// When the lease of a run that holds it ends at the latest, in UTC.
    lease_ends_at: Option<String>,
    /// Groups that it is known to be in.
    group_count: usize,
    /// Groups that it left within 90 days.
    left_count: usize,
    /// Leaves whose outcome is not known.
    unresolved_count: usize,
    /// The tokens that act for it alone.
    tokens: Vec<json::Token>,
}

impl From<&InstanceDetails> for Printed {
    fn from(details: &InstanceDetails) -> Self {
        Self {
            listed: json::Instance::from(&details.summary),
            lid: details.lid.clone(),
            key_id: details.key_id.clone(),
            seen_at: details.seen.map(moment::shown),
            check_due_at: details.due.map(moment::shown),
            blocked: details.blocked.map(|(reason, until)| json::Block::of(reason, until)),
            first_login_ended: !details.is_unfinished,
            lease_ends_at: details.leased_until.map(moment::shown),
            group_count: details.groups,
            left_count: details.left,
            unresolved_count: details.unresolved,
            tokens: details.tokens.iter().map(json::Token::from).collect(),
        }
    }
}

impl Show {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let details = place::operator().await?.instance(&self.named.id()).await?;
        let summary = &details.summary;
        let printed = Printed::from(&details);
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
        if let Some(json::Block { reason, ends_at }) = &printed.blocked {
            lines.push(format!("Blocked    {reason} until {ends_at}"));
        }
        if details.is_unfinished {
            lines.push(format!(
                "Unfinished its first login: `leavectl instance link --resume {}`",
                shell::instance(&summary.id)
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
        self.format.show(&printed, &lines.join("\n"))
    }
}
