//! `leavectl group list`.

use clap::Args;
use domain::group::GroupJid;
use serde_json::json;
use whatsapp::Listed;

use super::{as_json, told};
use crate::failure::Failure;
use crate::instance::Named;
use crate::output::Format;
use crate::place;

/// List the groups that an instance is known to be in, communities as trees
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl group list acme sales\n  leavectl group list acme sales --json | jq -r '.groups[].jid'"
)]
pub(crate) struct List {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let groups = place::operator().await?.roster(&id).await?;
        let value = json!({
            "account": id.account.as_str(),
            "instance": id.name.as_str(),
            "groups": groups.iter().map(as_json).collect::<Vec<_>>(),
        });
        let text = if groups.is_empty() {
            format!(
                "No groups are known. `leavectl group sync {} {}` asks WhatsApp.",
                id.account, id.name
            )
        } else {
            tree(&groups).join("\n")
        };
        self.format.show(&value, &text)
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
