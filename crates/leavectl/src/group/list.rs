//! `leavectl group list`.

use clap::Args;
use domain::group::GroupJid;
use operator::shell;
use serde::Serialize;
use whatsapp::Listed;

use super::told;
use crate::failure::Failure;
use crate::instance::Named;
use crate::narrow::{self, Limit};
use crate::output::Format;
use crate::{json, place};

/// List the groups that an instance is known to be in, communities as trees
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl group list acme sales\n  leavectl group list acme sales --json | jq -r '.groups[].groupJid'"
)]
pub(crate) struct List {
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
    /// Whose groups these are.
    #[serde(flatten)]
    named: json::Named,
    /// How many are known.
    group_count: usize,
    /// The groups; with `--limit`, the first of them.
    groups: Vec<json::Group>,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let mut groups = place::operator().await?.roster(&id).await?;
        let total = groups.len();
        self.limit.cut(&mut groups);
        let printed = Printed {
            named: json::Named::from(&id),
            group_count: total,
            groups: groups.iter().map(json::Group::from).collect(),
        };
        let text = if groups.is_empty() {
            format!(
                "No groups are known. `leavectl group sync {}` asks WhatsApp.",
                shell::instance(&id)
            )
        } else {
            tree(&groups).join("\n")
        };
        self.format.show(&printed, &text)?;
        narrow::tell(groups.len(), total, "group");
        Ok(())
    }
}

/// Groups of a community under it; those whose community is not listed stand alone.
fn tree(groups: &[Listed]) -> Vec<String> {
    let is_listed = |jid: &GroupJid| groups.iter().any(|other| other.group.jid == *jid);
    let mut lines = Vec::new();
    for top in groups.iter().filter(|it| !it.group.kind.parent().is_some_and(is_listed)) {
        lines.push(told(top));
        let children: Vec<_> =
            groups.iter().filter(|it| it.group.kind.parent() == Some(&top.group.jid)).collect();
        for (index, child) in children.iter().enumerate() {
            let branch = if index + 1 == children.len() { "└─" } else { "├─" };
            lines.push(format!("{branch} {}", told(child)));
        }
    }
    lines
}
